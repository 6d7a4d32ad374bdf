"""Frozen versions do not tell of a hidden check what the photo itself does not."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from datasets.curation.actions import delete_images
from datasets.models import Box
from datasets.review.checks import choose
from datasets.versions.freeze import freeze
from tests.factories import make_box, make_dataset, make_image, make_user

pytestmark = pytest.mark.django_db
MOVED = "M11.0 20.0H110.0V80.0H11.0z"


@pytest.fixture
def boss(db):
    return make_user("boss")


@pytest.fixture
def bosses(boss):
    client = Client()
    client.force_login(boss)
    return client


@pytest.fixture
def dataset(boss):
    """v1: two photos, and one that goes away. v2: the boxes of both moved, and a new photo. Two are hidden checks."""
    dataset = make_dataset(created_by=boss)
    names = ("check.jpg", "other.jpg", "gone.jpg")
    images = {name: make_image(dataset, file_name=name) for name in names}
    for image in images.values():
        make_box(image)
    freeze(dataset, (1, 0, 0))
    Box.objects.filter(image__in=[images["check.jpg"], images["other.jpg"]]).update(x1=11)
    delete_images(dataset, [images["gone.jpg"].pk])
    new = make_image(dataset, file_name="new.jpg")
    make_box(new)
    freeze(dataset, (1, 0, 0))
    choose(dataset, [images["check.jpg"].pk, new.pk], boss)
    return dataset


def test_the_page_of_a_version_draws_no_box_of_it(client, bosses, dataset):
    def drawn(browser):
        page = browser.get(reverse("datasets:version-detail", args=[dataset.slug, 2]))
        return {photo["file_name"]: len(photo["boxes_for_display"]) for photo in page.context["photos"]}

    assert drawn(client) == {"check.jpg": 0, "other.jpg": 1, "new.jpg": 0}
    assert set(drawn(bosses).values()) == {1}


def test_what_changed_leaves_it_out(client, bosses, dataset):
    page, whole = (
        browser.get(reverse("datasets:version-diff", args=[dataset.slug, 2])) for browser in (client, bosses)
    )
    shown = [{change.image.file_name: photo for change, photo, _ in each.context["changes"]} for each in (page, whole)]
    assert set(shown[0]) == {"other.jpg", "new.jpg", "gone.jpg"} and set(shown[1]) - set(shown[0]) == {"check.jpg"}
    assert shown[0]["new.jpg"]["boxes_for_display"] == [] and len(shown[1]["new.jpg"]["boxes_for_display"]) == 1
    assert page.context["counts"] == whole.context["counts"]  # figures are of all
    assert "counted, but not shown" in page.content.decode() and "not shown" not in whole.content.decode()
    assert page.content.decode().count(MOVED.split("H")[0]) < whole.content.decode().count(MOVED.split("H")[0])


def test_the_api_leaves_it_out_and_the_command_line_has_it(client, bosses, dataset, capsys):
    def told(browser):
        found = browser.get(f"/api/v1/datasets/{dataset.slug}/versions/1/diff/2").json()
        assert found["images"]["changed"] == 2
        return {row["file_name"]: len(row["boxes"]) for row in found["changes"]}

    assert told(client) == {"other.jpg": 1, "new.jpg": 0, "gone.jpg": 0}
    assert told(bosses)["check.jpg"] == 1
    call_command("diff_versions", dataset.name, "1", "2", "--json")
    assert "check.jpg" in {row["file_name"] for row in json.loads(capsys.readouterr().out)["changes"]}


def test_a_photo_that_came_again_is_hidden_in_old_versions_too(client, boss, dataset):
    old = dataset.images.get(file_name="other.jpg")
    values = {name: getattr(old, name) for name in ("file", "original", "sha256", "width", "height", "size_bytes")}
    delete_images(dataset, [old.pk])
    again = dataset.images.create(file_name="again.jpg", state="labelled", **values)
    choose(dataset, [again.pk], boss)
    page = client.get(reverse("datasets:version-detail", args=[dataset.slug, 2]))
    assert {len(photo["boxes_for_display"]) for photo in page.context["photos"]} == {0}
