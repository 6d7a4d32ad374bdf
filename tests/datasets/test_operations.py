"""Saving operations: different boxes merge, the same box conflicts, and whatever comes twice counts once."""

import json
import random
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from datasets.models import Box, Image
from datasets.operations import Batch, Conflict, Operation, apply_batch
from datasets.saving import BoxValues
from sw_site.lib.errors import UserError
from tests.factories import make_box, make_dataset, make_image, make_user

pytestmark = pytest.mark.django_db


def box_of(image: Image, **fields) -> BoxValues:
    class_id = image.dataset.classes.first().pk
    return BoxValues(**{"id": uuid.uuid4(), "class_id": class_id, "x1": 1, "y1": 2, "x2": 30, "y2": 40, **fields})


def values_of(box: Box, **fields) -> BoxValues:
    names = ("x1", "y1", "x2", "y2", "difficult", "truncated", "occluded", "source", "score")
    values = {name: getattr(box, name) for name in names}
    return BoxValues(**{"id": box.pk, "class_id": box.label_class_id, **values, **fields})


def add(values):
    return Operation(values.id, values, None)


def move(box, **fields):
    return Operation(box.pk, values_of(box, source="person", **fields), values_of(box))


def delete(box):
    return Operation(box.pk, None, values_of(box))


def save(image, *operations, base=0, batch=None, user=None, **marks):
    return apply_batch(image, Batch(batch or uuid.uuid4(), base, operations, **marks), user)


def test_a_batch_is_one_revision(alice):
    image = make_image()
    keep, gone = make_box(image, source="import"), make_box(image)
    saved = save(image, add(box_of(image)), move(keep, x1=12), delete(gone), user=alice, verified=True)
    assert (saved.image.revision, saved.image.verified, saved.boxes, saved.notes) == (1, True, None, [])
    revision = image.revisions.get()
    assert (revision.summary, revision.user, len(revision.boxes)) == (
        "1 added, 1 changed, 1 removed, verified",
        alice,
        2,
    )
    assert image.boxes.get(pk=keep.pk).source == "person"
    assert Image.objects.get(pk=image.pk).box_count == 2


def test_changes_of_different_boxes_merge():
    image = make_image()
    mine, theirs = make_box(image), make_box(image)
    save(image, move(theirs, x1=20), add(box_of(image)), negative=None)
    saved = save(image, move(mine, x1=30), base=0)
    assert saved.image.revision == 2 and len(saved.boxes) == 3
    assert [image.boxes.get(pk=pk).x1 for pk in (mine.pk, theirs.pk)] == [30, 20]


@pytest.mark.parametrize("theirs", ["moved", "deleted"])
def test_the_same_box_made_something_else_is_a_conflict_and_nothing_is_written(theirs, alice):
    image = make_image()
    box, other = make_box(image), make_box(image)
    save(image, move(box, x1=20) if theirs == "moved" else delete(box), user=alice)
    with pytest.raises(Conflict) as error:
        save(image, move(box, x1=30), delete(other), add(box_of(image)))
    told = error.value.as_json()
    assert told["error"]["code"] == "conflict" and told["current"]["user"] == "alice"
    assert [one["id"] for one in told["conflicts"]] == [str(box.pk)]
    assert (told["conflicts"][0]["theirs"] or {"x1": None})["x1"] == (20 if theirs == "moved" else None)
    assert image.boxes.filter(pk=other.pk).exists() and image.revisions.count() == 1


def test_the_same_change_made_twice_is_no_conflict():
    image = make_image()
    box, gone = make_box(image), make_box(image)
    save(image, move(box, x1=20), delete(gone))
    assert save(image, move(box, x1=20), delete(gone)).image.revision == 2


def test_a_batch_that_comes_again_is_done_once():
    image, batch = make_image(), uuid.uuid4()
    values = box_of(image)
    save(image, add(values), batch=batch)
    save(image, delete(image.boxes.get()), base=1)
    again = save(image, add(values), batch=batch)
    assert (again.image.revision, again.boxes) == (2, []) and not image.boxes.exists()


def test_a_batch_is_known_by_its_id_whatever_revision_it_names():
    image, batch = make_image(), uuid.uuid4()
    save(image, add(box_of(image)), batch=batch)
    again = save(image, add(box_of(image)), batch=batch, base=1)
    assert again.image.revision == 1 and len(again.boxes) == image.boxes.count() == 1


def test_a_save_asks_the_database_no_more_than_it_must(django_assert_num_queries):
    image = make_image()
    boxes = [make_box(image) for _ in range(8)]
    with django_assert_num_queries(7):  # a savepoint and its end; image and boxes read; boxes, image, revision written
        save(image, *(move(box, x1=15) for box in boxes))


def test_what_reaches_beyond_the_photo_is_cut_and_said():
    image = make_image()
    saved = save(image, add(box_of(image, x1=-7, x2=5000)))
    box = image.boxes.get()
    assert (box.x1, box.x2) == (0, image.width) and len(saved.boxes) == 1
    assert saved.notes == ["A box reached beyond the photo and was cut to it."]


@pytest.mark.parametrize("edges", [{"x2": 1.5}, {"x1": -50, "x2": -20}, {"y1": 39.2}])
def test_less_than_a_pixel_is_refused_whole(edges):
    image = make_image()
    with pytest.raises(UserError, match="less than a pixel"):
        save(image, add(box_of(image)), add(box_of(image, **edges)))
    assert not image.boxes.exists() and not image.revisions.exists()


def test_boxes_that_reach_beyond_the_photo_are_counted():
    image = make_image()
    saved = save(image, add(box_of(image, x1=-7)), add(box_of(image, y2=5000)), add(box_of(image)))
    assert saved.notes == ["2 boxes reached beyond the photo and were cut to it."]


def test_a_class_that_was_retired_meanwhile_is_kept_and_said():
    image = make_image()
    box = make_box(image)
    image.dataset.classes.update(retired=True)
    moved = save(image, move(box, x1=15))
    assert (moved.image.revision, moved.notes) == (1, [])
    (note,) = save(image, add(box_of(image)), base=1).notes
    assert f"“{box.label_class.name}” was retired" in note
    assert set(image.boxes.values_list("label_class__retired", flat=True)) == {True}


def test_a_class_of_another_dataset_is_refused():
    image, other = make_image(), make_dataset()
    with pytest.raises(UserError, match="not a class of this dataset"):
        save(image, add(box_of(image, class_id=other.classes.first().pk)))


def test_a_box_of_another_image_keeps_its_id():
    box, image = make_box(), make_image()
    with pytest.raises(UserError, match="id that is in use"):
        save(image, add(box_of(image, id=box.pk)))
    assert not image.boxes.exists()


def test_accepting_what_a_model_drew_makes_it_a_persons():
    image = make_image()
    box = make_box(image, source="model", score=0.7)
    save(image, move(box))
    box.refresh_from_db()
    assert (box.source, box.score) == ("person", None)


def test_nothing_here_yields_to_a_box_that_came_meanwhile():
    image = make_image()
    save(image, add(box_of(image)))
    saved = save(image, negative=True)
    assert (saved.image.negative, len(saved.boxes)) == (False, 1) and "not marked" in saved.notes[0]


class TestApi:
    def post(self, client, image, **body):
        body = {"batch": str(uuid.uuid4()), "base_revision": 0, "operations": [], **body}
        url = reverse("api-1:save_image_operations", args=[image.pk])
        return client.post(url, json.dumps(body), content_type="application/json")

    def values(self, image, **fields):
        return {"class_id": image.dataset.classes.first().pk, "x1": 1, "y1": 2, "x2": 30, "y2": 40, **fields}

    def test_saving(self, client):
        image = make_image()
        box = {"id": str(uuid.uuid4()), "box": self.values(image)}
        answer = self.post(client, image, operations=[box])
        expected = {
            "revision": 1,
            "state": "labelled",
            "verified": False,
            "negative": False,
            "boxes": None,
            "notes": [],
        }
        assert answer.json() == expected

    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"x1": "12"}, "x1"),
            ({"x2": 1e300}, "x2"),
            ({"x2": None}, "x2"),
            ({"class_id": -1}, "class_id"),
            ({"class_id": "cat"}, "class_id"),
            ({"class_id": 2**64}, "class_id"),
            ({"difficult": "yes"}, "difficult"),
            ({"score": -0.5}, "score"),
            ({"source": "me"}, "source"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_values_that_are_none_are_named(self, client, fields, named):
        image = make_image()
        answer = self.post(client, image, operations=[{"id": str(uuid.uuid4()), "box": self.values(image, **fields)}])
        assert answer.status_code == 400 and f"operations.0.box.{named}:" in answer.json()["error"]["message"]
        assert not image.boxes.exists()

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_what_is_no_number_of_json_is_said(self, client, value):
        image = make_image()
        answer = self.post(client, image, operations=[{"id": str(uuid.uuid4()), "box": self.values(image, x1=value)}])
        assert answer.status_code == 400 and answer.json()["error"]["code"] == "not_json"
        assert "operations.0.box.x1 is" in answer.json()["error"]["message"]
        assert "is no number of JSON" in answer.json()["error"]["message"] and not image.boxes.exists()

    @pytest.mark.parametrize(
        ("body", "named"),
        [
            ({"batch": "x"}, "batch"),
            ({"base_revision": -1}, "base_revision"),
            ({"base_revision": "0"}, "base_revision"),
            ({"operations": "all"}, "operations"),
            ({"operations": [{}]}, "operations.0.id"),
            ({"operations": [{"id": str(uuid.uuid4())}] * 100_000}, "operations"),
            ({"operations": [{"id": str(uuid.UUID(int=1))}, {"id": str(uuid.UUID(int=1))}]}, "operations"),
            ({"operations": [{"id": str(uuid.uuid4()), "op": "explode"}]}, "operations.0.op"),
            ({"verified": 1}, "verified"),
            ({"revision": 3}, "revision"),
        ],
    )
    def test_bodies_that_are_none_are_named(self, client, body, named):
        answer = self.post(client, make_image(), **body)
        assert answer.status_code == 400 and f".{named}:" in answer.json()["error"]["message"]

    @pytest.mark.parametrize("body", ["", "{", "[" * 200_000, "9" * 5000, b"\xff\xfe{", "null", "[]"])
    def test_a_body_that_cannot_be_read_is_refused(self, client, body):
        url = reverse("api-1:save_image_operations", args=[make_image().pk])
        assert client.post(url, body, content_type="application/json").status_code == 400

    def test_too_large_a_body_is_said(self, client, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20
        answer = self.post(client, make_image(), batch="x" * 2**20)
        assert answer.status_code == 413 and answer.json()["error"]["code"] == "too_large"

    def test_a_conflict_is_told_with_both_versions(self, client):
        image = make_image()
        box = make_box(image)
        was = self.values(image, x1=box.x1, y1=box.y1, x2=box.x2, y2=box.y2)
        for x1, status in ((11, 200), (12, 409)):
            change = {"id": str(box.pk), "box": {**was, "x1": x1}, "was": was}
            answer = self.post(client, image, operations=[change])
            assert answer.status_code == status
        assert answer.json()["conflicts"][0]["theirs"]["x1"] == 11

    def test_a_save_asks_no_more_than_it_must(self, client, django_assert_num_queries):
        image = make_image()
        boxes = [make_box(image) for _ in range(8)]
        was = [self.values(image, x1=box.x1, y1=box.y1, x2=box.x2, y2=box.y2) for box in boxes]
        changes = [
            {"id": str(box.pk), "box": {**one, "x1": 11}, "was": one} for box, one in zip(boxes, was, strict=True)
        ]
        # Session, person; a savepoint and its end; image and boxes read; boxes, image, revision written.
        with django_assert_num_queries(9):
            assert self.post(client, image, operations=changes).status_code == 200

    def test_a_batch_that_comes_again_for_a_newer_revision_is_done_once(self, on_both):
        def story():
            client, image, batch = Client(), make_image(), str(uuid.uuid4())
            client.force_login(make_user(is_staff=True))
            change = {"id": str(uuid.uuid4()), "box": self.values(image)}
            said = [self.post(client, image, batch=batch, base_revision=n, operations=[change]) for n in (0, 0, 1)]
            assert [answer.status_code for answer in said] == [200] * 3
            return [answer.json()["revision"] for answer in said], image.revisions.count(), image.boxes.count()

        assert on_both(story) == ([1, 1, 1], 1, 1)

    def test_a_visitor_is_asked_to_sign_in(self, visitor):
        assert self.post(visitor, make_image()).status_code == 401


class Screen:
    """An editor as the browser has it: what the server said last, what is on the screen, and what was done to it."""

    def __init__(self, image, rng):
        self.image, self.rng, self.known, self.shown, self.revision = image, rng, {}, {}, 0
        self.user, self.undo = make_user(f"editor{rng.random()}"), []

    def edit(self):
        before = dict(self.shown)
        action = self.rng.choice(["add", "add", "move", "relabel", "delete", "undo"])
        pk = self.rng.choice(list(self.shown)) if self.shown else None
        if action == "add" or pk is None:
            new = box_of(self.image, x1=self.rng.randint(0, 90), x2=self.rng.randint(100, 190))
            self.shown[new.id] = new
        elif action in ("move", "relabel"):
            classes = list(self.image.dataset.classes.values_list("pk", flat=True))
            change = {"x1": self.rng.randint(0, 90)} if action == "move" else {"class_id": self.rng.choice(classes)}
            self.shown[pk] = BoxValues(**{**vars(self.shown[pk]), **change})
        elif action == "delete":
            del self.shown[pk]
        elif self.undo:
            self.shown = dict(self.undo.pop())
        self.undo.append(before)

    def save(self):
        ids = [pk for pk in {**self.known, **self.shown} if self.known.get(pk) != self.shown.get(pk)]
        operations = [Operation(pk, self.shown.get(pk), self.known.get(pk)) for pk in ids]
        try:
            saved = apply_batch(self.image, Batch(uuid.uuid4(), self.revision, operations), self.user)
        except Conflict as conflict:
            self.fold(conflict.boxes, conflict.image.revision, {one.id for one in conflict.operations})
            return self.save()
        self.known = dict(self.shown)
        if saved.boxes is not None:
            self.fold(Box.objects.filter(image=self.image), saved.image.revision, set())
        self.revision = saved.image.revision
        return [(one.id, one.box) for one in operations]

    def fold(self, boxes, revision, theirs):
        """Take over what others did; of a box that both changed, what they made of it."""
        rows = {box.pk: values_of(box) for box in boxes}
        for pk in {**self.known, **rows}:
            if self.known.get(pk) == self.shown.get(pk) or pk in theirs:
                self.shown.pop(pk, None)
                self.shown |= {pk: rows[pk]} if pk in rows else {}
        self.known, self.revision = rows, revision
        self.undo = []


@pytest.mark.parametrize("seed", range(3))
def test_two_editors_on_one_image_lose_nothing_and_agree_at_the_end(on_both, seed):
    def story():
        rng = random.Random(seed)
        image = make_image(make_dataset(classes=("cat", "dog")))
        screens = [Screen(image, random.Random(seed + n)) for n in (1, 2)]
        told: dict[uuid.UUID, BoxValues | None] = {}
        for _ in range(120):
            screen = rng.choice(screens)
            for _ in range(rng.randint(1, 3)):
                screen.edit()
            told |= dict(screen.save() if rng.random() < 0.7 else [])
        for screen in [*screens, *screens]:
            told |= dict(screen.save())
        rows = {box.pk: values_of(box) for box in Box.objects.filter(image=image)}
        assert screens[0].shown == screens[1].shown == rows
        assert {pk: values for pk, values in told.items() if values} == rows
        return len(rows) > 0

    assert on_both(story)
