"""Saving what changed on an image: operations on single boxes, which merge with what others saved meanwhile.

Each operation says what its box was when the client last heard from the server. Where the box still is that, or is
already what the client wants, the operation is done; where somebody made something else of it, there is a conflict, and
nothing of the batch is written. So people who change different boxes of one image never stand in each other's way.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from datasets.labels import box_as_json, boxes_as_json, earlier_texts
from datasets.models import Box, Image, ReviewState, Revision
from datasets.models.annotation import BoxSource
from datasets.saving import (
    SAME_PIXEL,
    BoxValues,
    Changes,
    check_classes,
    check_ids,
    new_box,
    notes_on_edges,
    set_values,
    write_changes,
)
from sw_site.lib.errors import UserError
from sw_site.lib.turns import in_turn

if TYPE_CHECKING:
    from sw_site.accounts.models import User

#: What makes a box another one to a person.
MARKS = ("class_id", "difficult", "truncated", "occluded")
EDGES = ("x1", "y1", "x2", "y2")


@dataclass(frozen=True)
class Operation:
    """One box made to be `box`, or deleted when that is None. `was`: the box as the client knew it, None if new."""

    id: uuid.UUID
    box: BoxValues | None
    was: BoxValues | None


@dataclass(frozen=True)
class Batch:
    """What one save carries. `id` is made by the client: a batch that comes twice, on the same revision, is done once.

    `verified` and `negative` are None where they did not change.
    """

    id: uuid.UUID
    base_revision: int
    operations: Sequence[Operation]
    verified: bool | None = None
    negative: bool | None = None


@dataclass(frozen=True)
class Saved:
    """The image after a save. `boxes` is what is on it now, where the client cannot know it by itself."""

    image: Image
    boxes: list[dict[str, Any]] | None
    notes: list[str] = field(default_factory=list)


class Conflict(UserError):
    """Boxes that somebody else made something else of; nothing was written."""

    def __init__(self, image: Image, boxes: Iterable[Box], operations: Sequence[Operation]) -> None:
        super().__init__(
            "conflict",
            "Somebody else changed the same boxes while you were working on them. Nothing of yours is lost: "
            "look at both versions and choose.",
            status=409,
        )
        self.image, self.boxes, self.operations = image, list(boxes), operations

    def as_json(self) -> dict[str, Any]:
        theirs = {box.pk: box_as_json(box) for box in self.boxes}
        last = self.image.revisions.select_related("user").first()
        return {
            **super().as_json(),
            "current": {
                "revision": self.image.revision,
                "verified": self.image.verified,
                "negative": self.image.negative,
                "boxes": list(theirs.values()),
                "user": str(last.user or "") if last else "",
                "when": last.created_at.isoformat() if last else "",
            },
            "conflicts": [{"id": str(one.id), "theirs": theirs.get(one.id)} for one in self.operations],
        }


@in_turn()
def apply_batch(image: Image, batch: Batch, user: User | None) -> Saved:
    """Do what a batch says on top of whatever is on the image now; all of it or nothing.

    Raises:
        Conflict: somebody else changed the same boxes to something else (HTTP 409).
        UserError: a box without a pixel inside the image, a class of another dataset, an id used elsewhere (422).
    """
    try:
        with transaction.atomic():
            locked = Image.objects.select_for_update().get(pk=image.pk)
            locked.dataset = image.dataset
            return apply_to_locked(locked, batch, user)
    except IntegrityError as error:
        return saved_already(image, batch, error)


def saved_already(image: Image, batch: Batch, error: IntegrityError) -> Saved:
    """The image after a batch that was done, but was said to be of a newer revision when it came again.

    Raises `error` where it says something else.
    """
    if not Revision.objects.filter(image=image, batch=batch.id).exists():
        raise error
    image.refresh_from_db()
    return Saved(image, boxes_as_json(image.boxes.all()))


def apply_to_locked(locked: Image, batch: Batch, user: User | None) -> Saved:
    """`apply_batch` in the transaction of a caller who has locked the row of the image."""
    boxes = {box.pk: box for box in locked.boxes.all()}
    # Whatever was done since a batch was made has counted the revision up, the batch itself too.
    merged, before = locked.revision != batch.base_revision, locked.state
    if merged and Revision.objects.filter(image=locked, batch=batch.id).exists():
        return Saved(locked, boxes_as_json(boxes.values()))
    open_ones = [one for one in batch.operations if not _same(boxes.get(one.id), one.box)]
    notes = _check(locked, boxes, open_ones)
    notes += notes_on_edges(locked, [one.box for one in open_ones if one.box])
    changes = _changes(locked, boxes, open_ones, user)
    verified, negative = _or(batch.verified, locked.verified), _or(batch.negative, locked.negative)
    if batch.negative and boxes:
        notes.append("Somebody drew a box here meanwhile, so the photo is not marked as “nothing here”.")
    write_changes(locked, boxes.values(), changes, user, verified=verified, negative=negative, batch=batch.id)
    corrected = boxes_as_json(boxes.values()) if merged or notes else None
    if before == ReviewState.APPROVED != locked.state:
        notes.append("The photo was approved. Its labels are others now, so it waits for a review again.")
    return Saved(locked, corrected, notes)


def _or(said: bool | None, present: bool) -> bool:
    return present if said is None else said


def _check(image: Image, boxes: dict[uuid.UUID, Box], operations: Sequence[Operation]) -> list[str]:
    """Raises what `apply_batch` says. Sentences on classes that nobody is offered any more."""
    check_ids([one.id for one in operations if one.box and one.id not in boxes])
    if conflicts := [one for one in operations if not _same(boxes.get(one.id), one.was)]:
        raise Conflict(image, boxes.values(), conflicts)
    return check_classes(image, [one.box for one in operations if one.box and _other_class(one)])


def _other_class(one: Operation) -> bool:
    """A box may keep a class that was retired meanwhile; only a class that is given is looked at."""
    return one.box is not None and (one.was is None or one.was.class_id != one.box.class_id)


def _same(box: Box | None, values: BoxValues | None) -> bool:
    if box is None or values is None:
        return box is None and values is None
    row = box_as_json(box)
    edges = all(math.isclose(row[name], getattr(values, name), rel_tol=0, abs_tol=SAME_PIXEL) for name in EDGES)
    guessed = (box.source == BoxSource.MODEL) == (values.source == BoxSource.MODEL)
    return edges and guessed and all(row[name] == getattr(values, name) for name in MARKS)


def _changes(image: Image, boxes: dict[uuid.UUID, Box], operations: Sequence[Operation], user: User | None) -> Changes:
    """Carries the operations over into `boxes`, and says what that means for the rows."""
    changes = Changes()
    texts = earlier_texts(image, [one.id for one in operations if one.box and one.id not in boxes])
    for one in operations:
        if one.box is None:
            boxes.pop(one.id, None)
            changes.removed.append(one.id)
        elif one.id in boxes:
            if set_values(image, boxes[one.id], one.box):
                changes.changed.append(boxes[one.id])
        else:
            boxes[one.id] = new_box(image, one.box, user, texts.get(one.id))
            changes.added.append(boxes[one.id])
    return changes
