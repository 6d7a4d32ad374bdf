"""An approval is of the labels somebody looked at: with other labels an image waits for its review again."""

from __future__ import annotations

import uuid

import pytest

from datasets.curation import actions
from datasets.curation.undo import undo_change
from datasets.importing.importer import ImportOptions, import_source
from datasets.importing.source import open_source
from datasets.models import Image
from datasets.models.annotation import BoxSource
from datasets.operations import Batch, Operation, apply_batch
from datasets.review.verdicts import approve
from datasets.revisions import restore_revision
from datasets.saving import BoxValues, save_boxes
from datasets.traits import refresh_traits
from sw_site.lib.errors import UserError
from tests.factories import make_box, make_dataset, make_image, make_user, picture_bytes
from tests.voc import voc_xml

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(db):
    return make_user("bob")


@pytest.fixture
def image(alice, bob):
    """Alice drew one box, Bob approved it."""
    image = make_image(make_dataset(), state="unlabelled")
    return approve(save(image, [values(image)], alice), 1, bob)


def values(image, x=10, **kwargs):
    label_class = image.dataset.classes.first()
    return BoxValues(
        **{"id": uuid.uuid4(), "class_id": label_class.pk, "x1": x, "y1": 10, "x2": x + 50, "y2": 60} | kwargs
    )


def save(image, boxes, user, verified=False, negative=False):
    image = Image.objects.get(pk=image.pk)
    return save_boxes(image, image.revision, boxes, verified=verified, negative=negative, user=user)


def as_values(box, **kwargs):
    names = ("x1", "y1", "x2", "y2", "difficult", "truncated", "occluded", "source", "score")
    return BoxValues(**{"id": box.pk, "class_id": box.label_class_id} | {n: getattr(box, n) for n in names} | kwargs)


def state(image):
    return Image.objects.get(pk=image.pk).state


def last(image):
    """(what the history says of the newest revision, the newest change of state)."""
    event = image.review_events.first()
    return image.revisions.first().summary, (event.before, event.after, str(event.user or ""))


def test_another_box_ends_the_approval_and_the_history_says_so(image, alice):
    box = image.boxes.get()
    saved = save(image, [as_values(box), values(image, 200)], alice)
    assert saved.state == state(image) == "labelled"
    assert last(image) == ("1 added, no longer approved", ("approved", "labelled", "alice"))


def test_operations_of_the_editor_end_it_too_and_tell_the_person(image, alice):
    box = image.boxes.get()
    moved = Operation(box.pk, as_values(box, x1=20.0), as_values(box))
    saved = apply_batch(image, Batch(uuid.uuid4(), 1, [moved]), alice)
    assert saved.image.state == "labelled" and "waits for a review again" in saved.notes[0]
    assert last(image)[0] == "1 changed, no longer approved"


def test_who_approved_may_touch_up(image, bob):
    assert save(image, [values(image, 70)], bob).state == "approved"
    assert last(image)[0] == "1 added, 1 removed"


def test_what_changes_no_label_changes_no_approval(image, alice):
    box = image.boxes.get()
    assert save(image, [as_values(box)], alice, verified=True).state == "approved"
    guess = values(image, 200, source="model", score=0.8)
    assert save(image, [as_values(box), guess], alice).state == "approved"
    assert save(image, [as_values(box)], alice).state == "approved"
    assert save(image, [as_values(box), guess], alice).state == "approved"
    accepted = values(image, 200, id=guess.id)
    assert save(image, [as_values(box), accepted], alice).state == "labelled"


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_with_no_box_left_nobody_has_answered(image, request, who):
    assert save(image, [], request.getfixturevalue(who)).state == "unlabelled"
    assert last(image) == ("1 removed, no longer approved", ("approved", "unlabelled", who))


def test_an_earlier_state_that_comes_back_is_not_the_approved_one(image, alice, bob):
    save(image, [values(image, 70)], bob)
    assert restore_revision(image, 1, alice).state == "labelled"
    assert last(image)[0] == "revision 1 restored, no longer approved"


def test_changes_of_many_images_and_the_way_back(image, alice):
    r2d2 = image.dataset.classes.last()
    outcome = actions.relabel(image.dataset, [image.pk], alice, r2d2)
    assert last(image) == ("every class → R2-D2, no longer approved", ("approved", "labelled", "alice"))
    undo_change(outcome.change, alice)
    assert state(image) == "approved" and image.boxes.get().label != "R2-D2"
    assert actions.mark_verified(image.dataset, [image.pk], alice).changed == 1 and state(image) == "approved"


def test_taking_a_change_back_approves_nothing_that_was_not(image, alice, bob):
    dataset, r2d2 = image.dataset, image.dataset.classes.last()
    actions.set_state(dataset, [image.pk], "labelled", bob)
    change = actions.relabel(dataset, [image.pk], alice, r2d2).change
    approve(image, 2, bob)
    actions.set_state(dataset, [image.pk], "labelled", bob)
    undo_change(change, alice)
    assert state(image) == "labelled"


def test_proposals_that_are_accepted_are_new_labels_and_rejected_ones_are_none(image, alice):
    dataset = image.dataset
    for action, after in (actions.remove_proposals, "approved"), (actions.accept_proposals, "labelled"):
        make_box(image, source=BoxSource.MODEL, score=0.7)
        refresh_traits([image.pk])
        assert action(dataset, [image.pk], alice).changed == 1 and state(image) == after


def test_an_approval_that_ends_leaves_the_credit_with_who_labelled(image, alice, bob):
    save(image, [values(image, 70)], make_user("cleo"))
    assert image.review_events.get(credited=True).user == alice
    approve(image, 2, bob)
    actions.set_state(image.dataset, [image.pk], "labelled", bob)
    assert image.review_events.get(credited=True).user == alice


def test_an_import_that_adds_boxes_ends_it(tmp_path, alice, bob):
    dataset = make_dataset()
    (tmp_path / "one.jpg").write_bytes(picture_bytes())
    (tmp_path / "one.xml").write_bytes(voc_xml(boxes=[("BB-8", 10, 20, 110, 80)]))
    import_source(dataset, open_source(tmp_path), ImportOptions({}), alice)
    image = approve(dataset.images.get(), 1, bob)
    (tmp_path / "one.xml").write_bytes(voc_xml(boxes=[("BB-8", 200, 100, 260, 160)]))
    import_source(dataset, open_source(tmp_path), ImportOptions({}), alice)
    assert last(image) == ("1 added, imported from one.xml, no longer approved", ("approved", "labelled", "alice"))
    assert state(image) == "labelled"


def test_guesses_of_a_model_alone_cannot_be_approved(bob):
    image = make_image(make_dataset(), state="unlabelled")
    make_box(image, source=BoxSource.MODEL, score=0.9)
    refresh_traits([image.pk])
    with pytest.raises(UserError, match="nothing to approve yet"):
        approve(Image.objects.get(pk=image.pk), 0, bob)
    assert actions.set_state(image.dataset, [image.pk], "approved", bob).changed == 0
