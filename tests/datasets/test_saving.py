"""Saving boxes: what is acknowledged is there, what is stale is refused, what is bad changes nothing."""

import json
import uuid

import pytest
from django.urls import reverse

from datasets.models import Box, Image
from datasets.saving import BoxValues, StaleRevision, save_boxes
from sw_site.lib.errors import UserError
from tests.factories import make_box, make_dataset, make_image

pytestmark = pytest.mark.django_db


def values(image: Image, **kwargs) -> BoxValues:
    class_id = image.dataset.classes.first().pk
    return BoxValues(**{"id": uuid.uuid4(), "class_id": class_id, "x1": 1, "y1": 2, "x2": 30, "y2": 40, **kwargs})


def save(image, boxes, base=0, verified=False, negative=False, user=None):
    return save_boxes(image, base, boxes, verified=verified, negative=negative, user=user)


def test_boxes_are_added_changed_and_removed_in_one_revision(alice):
    image = make_image(state="unlabelled")
    keep, gone = make_box(image, source="import", score=0.5), make_box(image)
    moved = values(image, id=keep.pk, class_id=keep.label_class_id, x1=15, y1=20, x2=110, y2=80)
    saved = save(image, [moved, values(image)], user=alice)
    keep.refresh_from_db()
    assert (saved.revision, saved.state, keep.x1, keep.source, keep.score) == (1, "labelled", 15, "person", None)
    assert not Box.objects.filter(pk=gone.pk).exists() and image.boxes.count() == 2
    revision = image.revisions.get()
    assert (revision.summary, revision.user, len(revision.boxes)) == ("1 added, 1 changed, 1 removed", alice, 2)


def test_an_untouched_box_keeps_where_it_came_from():
    image = make_image()
    box = make_box(image, source="import")
    same = values(image, id=box.pk, class_id=box.label_class_id, x1=box.x1, y1=box.y1, x2=box.x2, y2=box.y2)
    save(image, [same])
    box.refresh_from_db()
    assert box.source == "import"


def test_a_box_that_was_deleted_comes_back_with_its_pose_and_unknown_tags():
    image = make_image()
    box = make_box(image, pose="Left", tags=[["attributes", "worn"]])
    back = values(image, id=box.pk, class_id=box.label_class_id)
    save(image, [back])
    save(image, [], base=1)
    save(image, [values(image)], base=2)
    save(image, [back, values(image)], base=3)
    again = image.boxes.get(pk=box.pk)
    assert (again.pose, again.tags) == ("Left", [["attributes", "worn"]])
    assert [b.tags for b in image.boxes.exclude(pk=box.pk)] == [[]]


def test_a_save_on_an_old_revision_is_refused_with_the_present_state(alice):
    image = make_image()
    save(image, [values(image)], user=alice)
    with pytest.raises(StaleRevision) as error:
        save(image, [], base=0)
    answer = error.value.as_json()
    assert error.value.status == 409 and answer["error"]["code"] == "stale_revision"
    assert (answer["current"]["revision"], answer["current"]["user"], len(answer["current"]["boxes"])) == (
        1,
        "alice",
        1,
    )
    assert image.boxes.count() == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"x2": 1}, "box_zero_size"),
        ({"x1": 500, "x2": 600}, "box_zero_size"),
        ({"x1": float("nan")}, "box_zero_size"),
        ({"x2": float("inf")}, "box_zero_size"),
        ({"class_id": 10**9}, "unknown_class"),
    ],
)
def test_bad_boxes_change_nothing(change, code):
    image = make_image()
    with pytest.raises(UserError) as error:
        save(image, [values(image), values(image, **change)])
    assert (error.value.code, error.value.status) == (code, 422)
    assert image.boxes.count() == 0 and Image.objects.get(pk=image.pk).revision == 0


def test_a_class_of_another_dataset_is_refused():
    image, other = make_image(), make_dataset()
    with pytest.raises(UserError, match="not a class of this dataset"):
        save(image, [values(image, class_id=other.classes.first().pk)])


def test_an_id_of_a_box_elsewhere_is_refused():
    image, other = make_image(), make_box()
    with pytest.raises(UserError, match="id that is in use"):
        save(image, [values(image, id=other.pk)])
    assert Box.objects.get(pk=other.pk).image == other.image


def test_edges_are_ordered_and_clipped_to_the_image():
    image = make_image(width=400, height=300)
    save(image, [values(image, x1=390, x2=-10, y1=-5, y2=310)])
    box = image.boxes.get()
    assert (box.x1, box.y1, box.x2, box.y2) == (0, 0, 390, 300)


def test_nothing_here_is_an_answer_and_can_be_taken_back():
    image = make_image(state="unlabelled")
    assert (save(image, [], negative=True).state, Image.objects.get().negative) == ("labelled", True)
    assert save(image, [], base=1).state == "unlabelled"


def test_nothing_here_gives_way_to_a_box():
    image = make_image()
    assert save(image, [values(image)], negative=True).negative is False


def test_of_two_interleaved_editors_none_loses_a_box():
    """Twenty rounds: both read, both add a box, the second is refused, reloads and adds again."""
    image = make_image()
    for _ in range(20):
        base = Image.objects.get(pk=image.pk).revision
        present = [
            values(image, id=b.pk, class_id=b.label_class_id, x1=b.x1, y1=b.y1, x2=b.x2, y2=b.y2)
            for b in image.boxes.all()
        ]
        mine, theirs = values(image), values(image)
        save(image, [*present, mine], base=base)
        with pytest.raises(StaleRevision):
            save(image, [*present, theirs], base=base)
        save(image, [*present, mine, theirs], base=base + 1)
    assert image.boxes.count() == 40 and image.revisions.count() == 40


def test_the_history_says_what_was_ticked():
    image = make_image(state="unlabelled")
    save(image, [], negative=True)
    save(image, [], base=1, negative=True, verified=True)
    save(image, [values(image)], base=2, verified=False)
    assert [revision.summary for revision in image.revisions.order_by("number")] == [
        "nothing here",
        "verified",
        "1 added, no longer verified, no longer “nothing here”",
    ]


class TestApi:
    """The whole list over the wire."""

    def put(self, client, image, *boxes, **body):
        body = {"base_revision": 0, "boxes": boxes, **body}
        url = reverse("api-1:save_image_boxes", args=[image.pk])
        return client.put(url, json.dumps(body), content_type="application/json")

    def row(self, image, **fields):
        class_id = image.dataset.classes.first().pk
        return {"id": str(uuid.uuid4()), "class_id": class_id, "x1": 1, "y1": 2, "x2": 30, "y2": 40, **fields}

    def test_what_was_got_can_be_sent_back(self, client):
        box = make_box()
        got = client.get(reverse("api-1:get_image_boxes", args=[box.image.pk])).json()
        answer = self.put(client, box.image, *got["boxes"])
        assert answer.status_code == 200 and answer.json()["boxes"] == got["boxes"]

    def test_what_is_cut_is_said(self, client):
        image = make_image()
        assert "cut to it" in self.put(client, image, self.row(image, x2=5000)).json()["notes"][0]

    @pytest.mark.parametrize(
        ("fields", "named"),
        [({"x1": 1e300}, "x1"), ({"x1": "12"}, "x1"), ({"class_id": -1}, "class_id"), ({"id": "x"}, "id")],
    )
    def test_values_that_are_none_are_named(self, client, fields, named):
        image = make_image()
        answer = self.put(client, image, self.row(image, **fields))
        assert answer.status_code == 400 and f"boxes.0.{named}:" in answer.json()["error"]["message"]

    def test_a_box_named_twice_is_refused(self, client):
        image = make_image()
        row = self.row(image)
        answer = self.put(client, image, row, {**row, "x1": 5})
        assert answer.status_code == 400 and "named twice" in answer.json()["error"]["message"]
        assert not image.boxes.exists()

    def test_too_many_boxes_are_refused(self, client):
        image = make_image()
        answer = self.put(client, image, *[self.row(image)] * 100_000)
        assert answer.status_code == 400 and "body.boxes" in answer.json()["error"]["message"]
