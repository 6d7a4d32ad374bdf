"""Review states: who moved an image from which to which, and what a save does to a returned one."""

from __future__ import annotations

import uuid

import pytest

from datasets.curation.actions import set_state
from datasets.curation.dispatch import Order, perform
from datasets.models import Image, ReviewEvent
from datasets.review.transitions import labeller_of
from datasets.review.verdicts import Pin, add_note, approve, recent_reasons, resolve_note, return_image
from datasets.saving import BoxValues, save_boxes
from sw_site.lib.errors import UserError
from tests.factories import make_dataset, make_image, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(db):
    return make_user("bob")


@pytest.fixture
def image():
    return make_image(make_dataset(), state="unlabelled")


def label(image, user, boxes=1, negative=False):
    """Save so many boxes on an image as a person does in the editor."""
    image = Image.objects.get(pk=image.pk)
    label_class = image.dataset.classes.first()
    values = [BoxValues(uuid.uuid4(), label_class.pk, 10 + n, 10, 60 + n, 60) for n in range(boxes)]
    return save_boxes(image, image.revision, values, verified=False, negative=negative, user=user)


def events(image):
    return [(e.before, e.after, str(e.user), e.revision) for e in image.review_events.order_by("pk")]


def test_the_road_of_an_image_is_remembered(image, alice, bob):
    image = label(image, alice)
    image, _ = return_image(image, 1, "too loose", Pin(), bob)
    image = label(image, alice, 2)
    image = approve(image, 2, bob)
    assert Image.objects.get(pk=image.pk).state == "approved"
    assert events(image) == [
        ("unlabelled", "labelled", "alice", 1),
        ("labelled", "returned", "bob", 1),
        ("returned", "labelled", "alice", 2),
        ("labelled", "approved", "bob", 2),
    ]
    assert [str(e.labeller or "") for e in image.review_events.order_by("pk")] == ["", "alice", "", "alice"]


def test_a_save_that_changes_no_state_is_no_event(image, alice):
    label(label(image, alice), alice, 3)
    assert len(events(image)) == 1


def test_the_reviewer_may_touch_up_what_they_return(image, alice, bob):
    image = label(image, alice)
    return_image(image, 1, "look again", Pin(), bob)
    assert label(image, bob, 2).state == "returned"
    assert label(image, alice, 2).state == "labelled"


def test_taking_all_boxes_away_leaves_it_returned_and_then_unlabelled_is_no_approval(image, alice, bob):
    image = label(image, alice)
    return_image(image, 1, "no", Pin(), bob)
    assert label(image, alice, 0).state == "returned"


def test_nothing_here_is_an_answer_that_can_be_approved(image, alice, bob):
    image = label(image, alice, 0, negative=True)
    assert image.state == "labelled" and approve(image, 1, bob).state == "approved"


def test_what_nobody_answered_cannot_be_approved(image, bob):
    with pytest.raises(UserError, match="nothing to approve yet"):
        approve(image, 0, bob)


def test_a_verdict_on_an_older_revision_is_refused(image, alice, bob):
    label(label(image, alice), alice, 2)
    for verdict in (lambda: approve(image, 1, bob), lambda: return_image(image, 1, "x", Pin(), bob)):
        with pytest.raises(UserError) as refused:
            verdict()
        assert refused.value.status == 409
    assert not image.review_notes.exists()


def test_returning_needs_a_reason_and_changes_nothing_without(image, alice, bob):
    image = label(image, alice)
    with pytest.raises(UserError, match="Say in a few words"):
        return_image(image, 1, " \x00 ", Pin(), bob)
    assert Image.objects.get(pk=image.pk).state == "labelled"


def test_a_note_on_a_box_outlives_it(image, alice, bob):
    image = label(image, alice)
    box = image.boxes.get()
    note = add_note(image, "too\n loose", Pin(box=box.pk), bob)
    box.delete()
    note.refresh_from_db()
    assert (note.text, note.x, note.y) == ("too loose", 35, 10)


@pytest.mark.parametrize(
    ("pin", "message"),
    [
        (Pin(box=uuid.uuid4()), "not on the photo any more"),
        (Pin(x=401, y=5), "outside the photo"),
        (Pin(x=float("nan"), y=5), "outside the photo"),
        (Pin(x=4, y=-1), "outside the photo"),
    ],
)
def test_a_pin_must_be_on_the_photo(image, bob, pin, message):
    with pytest.raises(UserError, match=message):
        add_note(image, "here", pin, bob)


def test_approving_settles_open_notes_and_leaves_settled_ones(image, alice, bob):
    image = label(image, alice)
    settled = resolve_note(add_note(image, "one", Pin(), bob), alice)
    opened = add_note(image, "two", Pin(x=1, y=2), bob)
    approve(image, 1, bob)
    settled.refresh_from_db()
    opened.refresh_from_db()
    assert (settled.resolved_by, opened.resolved_by) == (alice, bob)


def test_reasons_given_lately_come_first_and_once(image, bob):
    for text in ("blurred", "cut off", "blurred"):
        add_note(image, text, Pin(), bob)
    assert recent_reasons(bob)[:2] == ["blurred", "cut off"] and len(recent_reasons(bob)) == 6


def test_changes_of_many_images_are_remembered_too(alice, bob):
    dataset = make_dataset()
    images = [make_image(dataset, state="unlabelled") for _ in range(3)]
    label(images[0], alice)
    ids = [image.pk for image in images]
    perform(dataset, ids, Order("negative"), bob)
    assert set_state(dataset, ids, "approved", bob).changed == 3
    assert events(images[0])[-1] == ("labelled", "approved", "bob", 1)
    assert events(images[1]) == [("unlabelled", "labelled", "bob", 1), ("labelled", "approved", "bob", 1)]
    approved = ReviewEvent.objects.filter(after="approved").order_by("image")
    assert [(str(e.labeller), e.seconds) for e in approved] == [("alice", None), ("bob", None), ("bob", None)]


def test_the_credit_moves_with_the_work(image, alice, bob):
    image = label(image, alice)
    label(image, bob, 0)
    assert labeller_of(image.pk) == alice.pk
    label(image, bob, 2)
    assert labeller_of(image.pk) == bob.pk and image.review_events.filter(credited=True).count() == 1
