"""Saving operations: different boxes merge, the same box conflicts, and whatever comes twice counts once."""

from __future__ import annotations

import uuid

import pytest

from datasets.models import Image
from datasets.operations import Conflict
from sw_site.lib.errors import UserError
from tests.datasets.edits import add, box_of, delete, move, save
from tests.factories import make_box, make_dataset, make_image

pytestmark = pytest.mark.django_db


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
