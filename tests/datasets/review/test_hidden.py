"""A hidden check stays hidden: whoever may still be handed it sees no trusted box, wherever they look."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from datasets.browsing import GridFilter, page_of
from datasets.models import CheckAnswer, ReviewEvent, Revision, SourceAnnotation
from datasets.review.blind import answer_of
from datasets.review.checks import choose, due_check, finish_check
from datasets.review.queue import take_next
from datasets.review.verdicts import Pin, add_note
from datasets.saving import BoxValues, save_boxes
from datasets.traits import refresh_traits
from tests.factories import make_box, make_dataset, make_image, make_user

pytestmark = pytest.mark.django_db
TRUSTED, OTHER = "M10.0 20.0H110.0V80.0H10.0z", "M50.0 20.0H110.0V80.0H50.0z"


@pytest.fixture
def boss(db):
    return make_user("boss")


@pytest.fixture
def check(boss):
    """A labelled photo that the boss, who made the dataset, put into the hidden checks; another stays as it is."""
    dataset = make_dataset(created_by=boss)
    image, other = make_image(dataset, file_name="check.jpg"), make_image(dataset, file_name="other.jpg")
    make_box(image)
    make_box(other, x1=50)
    refresh_traits([image.pk, other.pk])
    SourceAnnotation.objects.create(image=image, file_name="check.xml", format="voc", sha256="0" * 64, content=b"<x/>")
    add_note(image, "the lower edge", Pin(), boss)
    assert choose(dataset, [image.pk], boss, 2) == (1, 0)
    return image


def box(image, x=100.0):
    values = {"x1": x, "y1": 10.0, "x2": x + 40, "y2": 60.0}
    return {"id": str(uuid.uuid4()), "class_id": image.dataset.classes.first().pk, **values}


def post(client, image, *boxes):
    operations = [{"id": one.pop("id"), "box": one} for one in boxes]
    body = {"batch": str(uuid.uuid4()), "base_revision": 0, "operations": operations}
    return client.post(f"/api/v1/datasets/images/{image.pk}/operations", body, content_type="application/json")


def labels(user, dataset):
    """Somebody who has labelled a photo here is measured."""
    image = make_image(dataset, file_name="own.png")
    Revision.objects.create(image=image, number=1, user=user, boxes=[])


def pages_with_photos(image):
    """Addresses of everything that draws this photo with its boxes."""
    grid = image.dataset.get_absolute_url()
    return [grid, f"{grid}?name=.jpg", reverse("datasets:dataset-list"), "/", "/search/?q=jpg"]


def test_pages_draw_no_trusted_box(client, check):
    for address in pages_with_photos(check):
        page = client.get(address).content.decode()
        assert f"/images/{check.pk}/" in page, address
        assert TRUSTED not in page and OTHER in page, address


def test_the_api_and_the_editor_tell_of_an_unlabelled_photo(client, check):
    rows = client.get(f"/api/v1/datasets/{check.dataset.slug}/images").json()["items"]
    assert [(row["state"], row["box_count"]) for row in rows] == [("unlabelled", 0), ("labelled", 1)]
    base = f"/api/v1/datasets/images/{check.pk}"
    told = client.get(f"{base}/boxes").json()
    assert told == {"revision": 0, "state": "unlabelled", "verified": False, "negative": False, "boxes": []}
    assert client.get(f"{base}/revisions").json()["items"] == client.get(f"{base}/sources").json()["items"] == []
    for address in (f"{base}/notes", f"{base}/events", reverse("datasets:image-compare", args=[check.pk])):
        assert client.get(address).status_code == 404
    source = check.sources.get().pk
    assert client.get(reverse("datasets:source-file", args=[check.pk, source])).status_code == 404
    editor = client.get(check.get_absolute_url()).context
    assert editor["editor_data"]["boxes"] == [] and editor["image"].state == "unlabelled"


def test_filters_find_it_as_what_it_looks_like(client, alice, check):
    def found(query):
        grid = GridFilter.parse(query)
        page = page_of(grid.apply(check.dataset, alice), grid.sort, viewer=alice)
        return "".join(image.file_name[0] for image in page)

    asked = ["", "state=unlabelled", "state=labelled", "min=1", "source=person", "sort=most", "flag=unverified"]
    assert [found(query) for query in asked] == ["co", "c", "o", "o", "o", "o", "co"]
    post(client, check, box(check))
    assert [found(query) for query in asked[:3]] == ["co", "", "co"]
    assert client.get(reverse("datasets:image-count", args=[check.dataset.slug]) + "?min=1").content == b"1"


def test_what_they_draw_is_their_answer_though_nobody_handed_it_out(client, alice, check):
    saved = post(client, check, box(check)).json()
    assert saved["revision"] == 1 and [one["x1"] for one in saved["boxes"]] == [100]
    assert check.boxes.get().x1 == 10 and not ReviewEvent.objects.exists()
    page = client.get(check.dataset.get_absolute_url()).content.decode()
    assert "M100.0 10.0H140.0V60.0H100.0z" in page and TRUSTED not in page
    assert take_next(check.dataset, alice, "label") == check  # to be finished as any other
    finish_check(check.pk, alice)
    assert take_next(check.dataset, alice, "label") is None
    assert CheckAnswer.objects.get().finished_at and answer_of(check, alice)


def test_notes_on_it_are_not_listed(client, boss, check):
    notes = reverse("datasets:note-list", args=[check.dataset.slug])
    pages = (notes, reverse("datasets:review-desk", args=[check.dataset.slug]))
    assert not [page for page in pages if "the lower edge" in client.get(page).content.decode()]
    client.force_login(boss)
    assert all("the lower edge" in client.get(page).content.decode() for page in pages)


def test_verdicts_and_the_review_queue_leave_it_alone(client, alice, check):
    body = {"action": "approve", "revision": 0}
    verdict = client.post(f"/api/v1/datasets/images/{check.pk}/verdict", body, content_type="application/json")
    assert verdict.status_code == 404
    assert take_next(check.dataset, alice, "review").file_name == "other.jpg"


def test_all_labels_together_are_for_whoever_has_no_check_to_come(client, alice, boss, check):
    slug, api = check.dataset.slug, f"/api/v1/datasets/{check.dataset.slug}/exports"
    labels(alice, check.dataset)
    page = client.post(reverse("datasets:export-create", args=[slug]), {"format": "voc"}, follow=True)
    assert "Ask boss for the file, or to excuse you" in page.content.decode()
    answer = client.post(api, {"format": "voc"}, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "checks_to_come")
    post(client, check, box(check))
    assert client.post(api, {"format": "voc"}, content_type="application/json").status_code == 202


def test_those_who_know_the_labels_see_them(client, alice, boss, check):
    client.force_login(boss)
    assert TRUSTED in client.get(check.dataset.get_absolute_url()).content.decode()
    assert answer_of(check, make_user("root", is_staff=True)) is None
    reviewer = make_user("reviewer")
    ReviewEvent.objects.create(
        dataset=check.dataset, image=check, user=reviewer, before="labelled", after="approved", revision=0
    )
    assert answer_of(check, reviewer) is None and due_check(check.dataset, reviewer) is None


def test_who_saved_it_before_it_was_a_check_is_not_asked(alice, boss):
    image = make_image(make_dataset(created_by=boss), state="unlabelled")
    values = box(image)
    save_boxes(
        image, 0, [BoxValues(**values | {"id": uuid.UUID(values["id"])})], verified=False, negative=False, user=alice
    )
    ReviewEvent.objects.all().delete()
    choose(image.dataset, [image.pk], boss, 2)
    assert answer_of(image, alice) is None and due_check(image.dataset, alice) is None


def test_the_grid_asks_as_often_with_many_checks(client, boss, check):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            client.get(check.dataset.get_absolute_url())
        return len(asked)

    few = queries()
    choose(check.dataset, [make_image(check.dataset).pk for _ in range(5)], boss)
    assert queries() == few
