"""What a reviewer says: approved, or returned with a reason; notes that are pinned to the photo and resolved."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from datasets.models import Image, ReviewNote, ReviewState
from datasets.review.hidden import hidden_images
from datasets.review.transitions import remember
from datasets.traits import has_answer
from sw_site.lib.errors import UserError
from sw_site.lib.events import announce

if TYPE_CHECKING:
    from datasets.models import Dataset
    from sw_site.accounts.models import User

TEXT_LENGTH = 500
REASONS_OFFERED = 6
#: Offered to whoever has not returned anything yet.
FIRST_REASONS = ("A box is missing", "The box is too loose", "Wrong class", "Two objects in one box")


@dataclass(frozen=True)
class Pin:
    """Where a note belongs: a box of the image, or a point in pixels of the upright image, or neither."""

    box: uuid.UUID | None = None
    x: float | None = None
    y: float | None = None


@transaction.atomic
def approve(image: Image, revision: int, user: User | None) -> Image:
    """What is on the image is right. “Nothing here” can be approved as boxes can; open notes are settled by it.

    Raises:
        UserError: nobody has answered what is on it (422), or it was saved since it was looked at (409).
    """
    locked = _locked(image, revision)
    before = locked.state
    if not (has_answer(locked.boxes.all()) or locked.negative):
        raise UserError(
            "not_labelled", "There is nothing to approve yet: draw boxes, or say that there is nothing here.", 422
        )
    locked.state = ReviewState.APPROVED
    locked.save(update_fields=["state"])
    locked.review_notes.filter(resolved_at=None).update(resolved_at=timezone.now(), resolved_by=user)
    remember(locked, before, user)
    tell_reviewed(locked, user)
    return locked


@transaction.atomic
def return_image(image: Image, revision: int, text: str, pin: Pin, user: User | None) -> tuple[Image, ReviewNote]:
    """Send the image back with a note; the next save of somebody else makes it “labelled” again.

    Raises:
        UserError: no reason given, a pin outside the image (422), or it was saved since it was looked at (409).
    """
    locked = _locked(image, revision)
    before = locked.state
    note = add_note(locked, text, pin, user)
    locked.state = ReviewState.RETURNED
    locked.save(update_fields=["state"])
    remember(locked, before, user, note.created_at)  # that is how the history knows which note it was
    tell_reviewed(locked, user)
    return locked, note


def tell_reviewed(image: Image, user: User | None) -> None:
    facts = {"image": image.pk, "file_name": image.file_name, "state": str(image.state), "by": str(user or "")}
    announce("review.finished", image.dataset_id, **facts)


def _locked(image: Image, revision: int) -> Image:
    locked = Image.objects.select_for_update().get(pk=image.pk)
    if locked.revision != revision:
        raise UserError(
            "changed_since",
            "Somebody saved this photo while you looked at it. Reload the page and look at it again.",
            409,
        )
    return locked


def add_note(image: Image, text: str, pin: Pin, user: User | None) -> ReviewNote:
    """A remark that changes no state. A note on a box keeps the middle of its upper edge, too."""
    text = " ".join(text.replace("\x00", "").split())[:TEXT_LENGTH]
    if not text:
        raise UserError("note_without_text", "Say in a few words what is to be changed.", 422)
    x, y = _place(image, pin)
    return ReviewNote.objects.create(image=image, author=user, text=text, box=pin.box, x=x, y=y)


def _place(image: Image, pin: Pin) -> tuple[float | None, float | None]:
    if pin.box:
        box = image.boxes.filter(pk=pin.box).first()
        if box is None:
            raise UserError("no_such_box", "The box of this note is not on the photo any more. Choose another.", 422)
        return (box.x1 + box.x2) / 2, box.y1
    if pin.x is None or pin.y is None:
        return None, None
    if not (math.isfinite(pin.x) and 0 <= pin.x <= image.width and math.isfinite(pin.y) and 0 <= pin.y <= image.height):
        raise UserError("pin_outside", "The note is pinned to a point outside the photo. Put it on the photo.", 422)
    return pin.x, pin.y


def resolve_note(note: ReviewNote, user: User | None, resolved: bool = True) -> ReviewNote:
    """Tick a note off, or open it again."""
    note.resolved_at = timezone.now() if resolved else None
    note.resolved_by = user if resolved else None
    note.save(update_fields=["resolved_at", "resolved_by"])
    return note


def recent_reasons(user: User) -> list[str]:
    """Reasons this person gave lately, newest first, filled up with common ones."""
    lately = ReviewNote.objects.filter(author=user).order_by("-created_at").values_list("text", flat=True)[:60]
    return list(dict.fromkeys([*lately, *FIRST_REASONS]))[:REASONS_OFFERED]


def note_as_json(note: ReviewNote) -> dict[str, Any]:
    return {
        "id": note.pk,
        "text": note.text,
        "author": str(note.author or ""),
        "when": note.created_at.isoformat(),
        "box": str(note.box) if note.box else None,
        "x": note.x,
        "y": note.y,
        "resolved": note.resolved_at is not None,
    }


def notes_of(image: Image) -> list[ReviewNote]:
    return list(image.review_notes.select_related("author"))


def open_notes(dataset: Dataset, viewer: Any) -> Any:
    """Notes of a dataset that wait for somebody, newest first, on photos whose labels the viewer may see."""
    notes = ReviewNote.objects.filter(image__dataset=dataset, resolved_at=None)
    notes = notes.exclude(image__in=hidden_images(viewer, dataset).ids)
    return notes.select_related("image", "author").order_by("-pk")
