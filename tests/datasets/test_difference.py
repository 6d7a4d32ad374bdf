"""What changed between two versions; naming and deleting them; their pictures outlive the images."""

from __future__ import annotations

import json

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.urls import reverse

from datasets.curation.actions import delete_images
from datasets.models import Box, DatasetVersion
from datasets.versions.difference import compare, match_boxes
from datasets.versions.freeze import freeze
from datasets.versions.manage import delete_version
from datasets.versions.manifest import ManifestBox
from sw_site.lib.errors import UserError
from tests.factories import make_box, make_dataset, make_image, make_run, make_version


def box(x=0, y=0, size=10, class_id=1, **flags):
    return ManifestBox(class_id, x, y, x + size, y + size, **flags)


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        ([], [], []),
        ([box()], [box()], []),
        ([box(), box()], [box()], ["deleted"]),
        ([], [box()], ["added"]),
        ([box()], [box(x=2)], ["moved"]),
        ([box()], [box(x=9)], ["deleted", "added"]),
        ([box()], [box(class_id=2)], ["relabelled"]),
        ([box()], [box(difficult=True)], ["marked"]),
        ([box(), box(x=3)], [box(x=3), box(x=1)], ["moved"]),
        ([box(), box(x=40)], [box(x=41), box(x=1)], ["moved", "moved"]),
        ([box(), box(class_id=2)], [box(class_id=2), box(class_id=3)], ["relabelled"]),
    ],
)
def test_boxes_are_matched_by_place(before, after, kinds):
    assert [change.kind for change in match_boxes(before, after)] == kinds


def test_moved_boxes_find_their_own():
    changes = match_boxes([box(), box(x=40)], [box(x=41), box(x=1)])
    assert {(c.before.x1, c.after.x1) for c in changes} == {(0, 1), (40, 41)}


@pytest.fixture
def two_versions(db):
    """v1: five photos with a BB-8 each. v2: one relabelled, one moved, one gone, one new, a new class."""
    dataset = make_dataset()
    images = [make_image(dataset, file_name=f"{n}.jpg") for n in range(5)]
    for image in images:
        make_box(image, dataset.classes.first())
    first = freeze(dataset, (1, 0, 0))
    Box.objects.filter(image=images[0]).update(label_class=dataset.classes.last())
    Box.objects.filter(image=images[1]).update(x2=120)
    delete_images(dataset, [images[2].pk])
    make_box(make_image(dataset, file_name="new.jpg"), dataset.add_class("Jawa"))
    return first, freeze(dataset, (1, 0, 0))


def test_counts_and_order(two_versions):
    first, second = two_versions
    difference = compare(first.manifest(), second.manifest())
    counts = difference.counts()
    assert counts["images"] == {"added": 1, "removed": 1, "changed": 2, "other_split": 0}
    assert counts["boxes"] == {"added": 0, "deleted": 0, "moved": 1, "relabelled": 1, "marked": 0}
    assert [c.image.file_name for c in difference.images] == ["0.jpg", "1.jpg", "new.jpg", "2.jpg"]
    assert difference.classes_added == ("Jawa",) and difference.classes_removed == ()
    assert len(compare(second.manifest(), second.manifest()).images) == 0


def test_the_page_draws_what_changed_even_of_photos_that_are_gone(client, two_versions):
    first, second = two_versions
    response = client.get(reverse("datasets:version-diff", args=[second.dataset.slug, 2]))
    content = response.content.decode()
    assert "BB-8 → R2-D2" in content and "1 moved" in content and "dashed" in content and "Jawa" in content
    gone = next(image for change, image, _ in response.context["changes"] if change.kind == "removed")
    assert gone["href"] == gone["large_thumb_url"].replace("large", "full")
    for url in (gone["thumb_url"], gone["href"]):
        assert client.get(url).status_code == 200
    alone = make_version()
    lone = client.get(reverse("datasets:version-diff", args=[alone.dataset.slug, 1]), follow=True)
    assert "only one version" in lone.content.decode()


def test_a_version_page_shows_photos_deleted_since(client, two_versions):
    first, _ = two_versions
    photos = client.get(first.get_absolute_url()).context["photos"]
    assert len(photos) == 5 and all(client.get(photo["thumb_url"]).status_code == 200 for photo in photos)


def test_pictures_of_other_versions_are_not_served(client, visitor, two_versions):
    first, second = two_versions
    new = next(image for image in second.manifest().images if image.file_name == "new.jpg")

    def url(number, sha256, size):
        return reverse("datasets:version-file", args=[first.dataset.slug, number, sha256, size])

    assert client.get(url(2, new.sha256, "small")).status_code == 200
    assert visitor.get(url(2, new.sha256, "small")).status_code == 302
    for bad in (url(1, new.sha256, "small"), url(2, new.sha256, "huge"), url(2, "0" * 64, "full"), url(9, "0", "full")):
        assert client.get(bad).status_code == 404


def test_a_version_that_something_stands_on_cannot_be_deleted(client, db):
    version = make_version()
    make_run(version)
    with pytest.raises(UserError, match="1 run stands on it"):
        delete_version(version)
    page = client.post(version.get_absolute_url(), {"action": "delete"}, follow=True).content.decode()
    assert "cannot be deleted" in page and DatasetVersion.objects.get() == version


def test_another_can_and_its_file_goes_unless_shared(client, db, django_capture_on_commit_callbacks):
    version = make_version()
    twin = DatasetVersion.objects.create(
        dataset=version.dataset,
        number=2,
        fractions=[1, 0, 0],
        counts=version.counts,
        content_hash=version.content_hash,
        manifest_file=version.manifest_file,
    )
    with django_capture_on_commit_callbacks(execute=True):
        client.post(version.get_absolute_url(), {"action": "delete"})
    assert default_storage.exists(twin.manifest_file)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(f"/api/v1/datasets/{twin.dataset.slug}/versions/2").status_code == 204
    assert not default_storage.exists(twin.manifest_file) and not DatasetVersion.objects.exists()


def test_names(client, db):
    version = make_version()
    client.post(version.get_absolute_url(), {"action": "rename", "name": "  For  the fair "})
    version.refresh_from_db()
    assert version.name == "For the fair"
    url = f"/api/v1/datasets/{version.dataset.slug}/versions/1"
    assert client.patch(url, json.dumps({"name": "b"}), content_type="application/json").json()["name"] == "b"


def test_the_command_and_the_api(client, two_versions, capsys):
    slug = two_versions[0].dataset.slug
    call_command("diff_versions", slug, "1", "2", "--json")
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (result["from"], result["to"], result["boxes"]["moved"]) == (1, 2, 1)
    relabelled = result["changes"][0]["boxes"][0]
    assert (relabelled["kind"], relabelled["before"]["class_id"], relabelled["after"]["class_id"]) == (
        "relabelled",
        1,
        2,
    )
    answer = client.get(f"/api/v1/datasets/{slug}/versions/1/diff/2").json()
    assert answer["changes"] == result["changes"] and answer["images"] == result["images"]
    call_command("diff_versions", slug, "1")
    assert "new.jpg: added" in capsys.readouterr().out
    with pytest.raises(CommandError, match="has no version 9"):
        call_command("diff_versions", slug, "9")
