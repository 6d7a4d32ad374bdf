"""Saving an image's boxes under the optimistic lock: an old revision is refused, never overwritten."""

from __future__ import annotations

import math
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction

from datasets.bulk import insert_rows, update_rows
from datasets.geometry import clip_edges, order_edges
from datasets.labels import boxes_as_json, describe_change, earlier_texts, label_values
from datasets.models import Box, Image, ReviewState, Revision
from datasets.models.annotation import BoxSource
from datasets.review.transitions import NOT_APPROVED, remember, state_after_save
from datasets.traits import has_answer, traits_of
from sw_site.lib.errors import UserError
from sw_site.lib.turns import in_turn

if TYPE_CHECKING:
    from sw_site.accounts.models import User
#: No editor shows them, so they change only when an earlier state comes back.
TEXTS = ("pose", "tags")
LEAST_SIDE = 1.0  # pixels
#: Edges that differ by less are the same to a person.
SAME_PIXEL = 0.01
EDITABLE = ("label_class_id", "x1", "y1", "x2", "y2", "difficult", "truncated", "occluded", "score", "source")


class StaleRevision(UserError):
    """Somebody saved this image meanwhile; nothing was written. `image` is its present state."""

    def __init__(self, image: Image) -> None:
        super().__init__(
            "stale_revision",
            "Somebody else saved this image while you were working on it. Nothing of yours is lost: "
            "look at both versions and keep one.",
            status=409,
        )
        self.image = image

    def as_json(self) -> dict[str, Any]:
        last = self.image.revisions.select_related("user").first()
        current = {
            "revision": self.image.revision,
            "verified": self.image.verified,
            "negative": self.image.negative,
            "boxes": boxes_as_json(self.image.boxes.all()),
            "user": str(last.user or "") if last else "",
            "when": last.created_at.isoformat() if last else "",
        }
        return {**super().as_json(), "current": current}


@dataclass(frozen=True)
class BoxValues:
    """A box as a client sends it; `class_id` is the row id of a class of the image's dataset."""

    id: uuid.UUID
    class_id: int
    x1: float
    y1: float
    x2: float
    y2: float
    difficult: bool = False
    truncated: bool = False
    occluded: bool = False
    source: str = BoxSource.PERSON
    score: float | None = None


@dataclass
class Changes:
    """What a save does to the rows of one image's boxes."""

    added: list[Box] = field(default_factory=list)
    changed: list[Box] = field(default_factory=list)
    removed: list[uuid.UUID] = field(default_factory=list)


@in_turn()
@transaction.atomic
def save_boxes(
    image: Image, base_revision: int, boxes: list[BoxValues], *, verified: bool, negative: bool, user: User | None
) -> Image:
    """Make `boxes` the boxes of the image and count up its revision; all of it or nothing.

    Raises:
        StaleRevision: `base_revision` is not the image's revision any more (HTTP 409).
        UserError: a box without area or outside the image, a class of another dataset, an id used elsewhere (422).
    """
    locked = Image.objects.select_for_update().select_related("dataset").get(pk=image.pk)
    if locked.revision != base_revision:
        raise StaleRevision(locked)
    present = {box.pk: box for box in locked.boxes.all()}
    wanted = {values.id: values for values in boxes}
    check_classes(locked, wanted.values())
    check_ids(wanted.keys() - present.keys())
    texts = earlier_texts(locked, wanted.keys() - present.keys())
    changes = Changes(
        [new_box(locked, values, user, texts.get(pk)) for pk, values in wanted.items() if pk not in present],
        [box for pk, box in present.items() if pk in wanted and set_values(locked, box, wanted[pk])],
        list(present.keys() - wanted.keys()),
    )
    after = [*(box for pk, box in present.items() if pk in wanted), *changes.added]
    write_changes(locked, after, changes, user, verified=verified, negative=negative)
    return locked


def write_changes(
    image: Image,
    boxes: Collection[Box],
    changes: Changes,
    user: User | None,
    *,
    verified: bool,
    negative: bool,
    batch: uuid.UUID | None = None,
    summary: str = "",
) -> None:
    """Write the rows of a locked image, its next revision, and what the grid filters by. `boxes`: all it has then."""
    before, relabelled = image.state, _relabels(image, boxes, negative and not boxes)
    if changes.removed:
        Box.objects.filter(pk__in=changes.removed).delete()
    if changes.added:
        insert_rows(Box, changes.added)
    if changes.changed:
        update_rows(Box, changes.changed, [*EDITABLE, *TEXTS])
    marks = _marks(image, verified=verified, negative=negative and not boxes)
    counts = (len(changes.added), len(changes.changed), len(changes.removed))
    said = [summary or describe_change(*counts, marks)]
    _count_up(image, boxes, user, verified=verified, negative=negative, relabelled=relabelled)
    if before == ReviewState.APPROVED != image.state:
        said.append(NOT_APPROVED)
    _remember(image, ", ".join(said), boxes, user, batch)
    remember(image, before, user)


def _relabels(image: Image, boxes: Iterable[Box], negative: bool) -> bool:
    """Do `boxes`, still to be written, say something else than what was approved? Asked of approved images only."""
    if image.state != ReviewState.APPROVED:
        return True
    return image.negative != negative or label_values(image.boxes.all()) != label_values(boxes)


def check_classes(image: Image, boxes: Iterable[BoxValues]) -> list[str]:
    """Sentences on classes that were retired meanwhile; such a class is a class still.

    Raises UserError for a class that the dataset does not have.
    """
    wanted = {values.class_id for values in boxes}
    known = {row[0]: row for row in image.dataset.classes.values_list("pk", "name", "retired")} if wanted else {}
    if unknown := wanted - known.keys():
        raise UserError(
            "unknown_class",
            f"Class {min(unknown)} is not a class of this dataset (any more). Reload the page and choose another.",
            422,
        )
    names = [name for pk, name, retired in known.values() if retired and pk in wanted]
    return [f"Class “{name}” was retired. Boxes keep it until you choose another." for name in names]


def notes_on_edges(image: Image, boxes: Iterable[BoxValues]) -> list[str]:
    """A sentence where boxes reach beyond the image: they are cut to it."""
    count = sum(_reaches_out(image, values) for values in boxes)
    who = "A box reached beyond the photo and was" if count == 1 else f"{count} boxes reached beyond the photo and were"
    return [f"{who} cut to it."] if count else []


def _reaches_out(image: Image, values: BoxValues) -> bool:
    least, right = min(values.x1, values.x2, values.y1, values.y2), max(values.x1, values.x2)
    below = max(values.y1, values.y2) > image.height + SAME_PIXEL
    return least < -SAME_PIXEL or right > image.width + SAME_PIXEL or below


def check_ids(ids: Collection[uuid.UUID]) -> None:
    """Raises UserError when a box of another image has one of the ids that new boxes are to get."""
    if ids and Box.objects.filter(pk__in=ids).exists():
        raise UserError("box_id_taken", "A new box has an id that is in use. Reload the page and draw it again.", 422)


def _edges(image: Image, values: BoxValues) -> tuple[float, float, float, float]:
    edges = (values.x1, values.y1, values.x2, values.y2)
    fitted = (
        clip_edges(order_edges(edges), image.width, image.height) if all(map(math.isfinite, edges)) else (0, 0, 0, 0)
    )
    if min(fitted[2] - fitted[0], fitted[3] - fitted[1]) < LEAST_SIDE:
        raise UserError(
            "box_zero_size",
            "A box is less than a pixel wide or high inside the image. Delete it or draw it again.",
            422,
        )
    return fitted


def new_box(image: Image, values: BoxValues, user: User | None, texts: dict[str, Any] | None = None) -> Box:
    """`texts`: pose and tags of a box that was deleted and comes back."""
    x1, y1, x2, y2 = _edges(image, values)
    return Box(
        id=values.id,
        image=image,
        label_class_id=values.class_id,
        x1=x1,
        y1=y1,
        x2=x2,
        y2=y2,
        difficult=values.difficult,
        truncated=values.truncated,
        occluded=values.occluded,
        source=values.source if values.source in BoxSource.values else BoxSource.PERSON,
        score=values.score,
        created_by=user,
        **(texts or {}),
    )


def set_values(image: Image, box: Box, values: BoxValues) -> bool:
    """Write the values into the row; True when something changed. A box a person moved or accepted is a person's."""
    given, known = (values.x1, values.y1, values.x2, values.y2), (box.x1, box.y1, box.x2, box.y2)
    x1, y1, x2, y2 = known if given == known else _edges(image, values)
    before = (box.label_class_id, box.x1, box.y1, box.x2, box.y2, box.difficult, box.truncated, box.occluded)
    after = (values.class_id, x1, y1, x2, y2, values.difficult, values.truncated, values.occluded)
    accepted = box.source == BoxSource.MODEL and values.source == BoxSource.PERSON
    if before == after and not accepted:
        return False
    box.label_class_id, box.x1, box.y1, box.x2, box.y2 = after[:5]
    box.difficult, box.truncated, box.occluded = after[5:]
    box.source, box.score = BoxSource.PERSON, None
    return True


def _marks(image: Image, *, verified: bool, negative: bool) -> str:
    """What the save says about the image as a whole, where that is news."""
    said = []
    if verified != image.verified:
        said.append("verified" if verified else "no longer verified")
    if negative != image.negative:
        said.append("nothing here" if negative else "no longer “nothing here”")
    return ", ".join(said)


def _count_up(
    image: Image, boxes: Collection[Box], user: User | None, *, verified: bool, negative: bool, relabelled: bool
) -> None:
    image.verified = verified
    image.negative = negative and not boxes
    image.state = state_after_save(image, has_answer(boxes) or image.negative, user, relabelled)
    image.revision += 1
    image.box_count, image.box_traits = traits_of(boxes)
    image.save(update_fields=["verified", "negative", "state", "revision", "box_count", "box_traits"])


def _remember(image: Image, summary: str, boxes: Iterable[Box], user: User | None, batch: uuid.UUID | None) -> None:
    Revision.objects.create(
        image=image,
        number=image.revision,
        user=user,
        summary=summary,
        boxes=boxes_as_json(boxes),
        verified=image.verified,
        negative=image.negative,
        batch=batch,
    )
