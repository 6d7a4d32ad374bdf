"""Taking a change of many images back, where nobody has worked on them since."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from datasets.bulk import NewBox, insert_rows
from datasets.curation.changes import (
    Progress,
    approved_labels,
    boxes_by_image,
    chunks,
    record,
    relabelled,
    silent,
)
from datasets.models import Box, BulkChange, Image, LabelClass, ReviewEvent, ReviewState, Revision
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User

VALUES = ("label_class_id", "x1", "y1", "x2", "y2", "difficult", "truncated", "occluded", "pose", "source", "score")


def undo_change(change: BulkChange, user: User | None, progress: Progress = silent) -> BulkChange:
    """Give every image of the change the boxes and marks it had before; gives back the change that did it.

    Images that were saved since are left as they are. A class that was merged away is offered again, with its names.

    Raises:
        UserError: it was taken back already.
    """
    if change.undone_at:
        raise UserError("undone_already", "This change has been taken back already. There is nothing left to do.", 409)
    again = BulkChange.objects.create(dataset=change.dataset, user=user, summary=f"taken back: {change.summary}"[:200])
    ids = list(change.revisions.filter(number=F("image__revision")).order_by("image").values_list("image", flat=True))
    done = 0
    for chunk in chunks(ids):
        with transaction.atomic():
            again.images += _undo_chunk(change, again, chunk)
            again.save(update_fields=["images"])
        done += len(chunk)
        progress(done, len(ids))
    if change.merged:
        _part_classes(change)
    # Last, so that a job that dies half-way can go on: what is taken back has a newer revision and is passed over.
    change.undone_at = timezone.now()
    change.save(update_fields=["undone_at"])
    return again


@transaction.atomic
def _part_classes(change: BulkChange) -> None:
    """Undo what a merge did to its two classes; names that somebody has taken off or given away since stay there."""
    merged: dict[str, Any] = change.merged or {}
    classes = LabelClass.objects.filter(dataset=change.dataset_id).in_bulk([merged["source"], merged["target"]])
    source, target = classes.get(merged["source"]), classes.get(merged["target"])
    if source is None:
        return
    back = [name for name in merged["names"] if target is None or name in target.aliases]
    if target:
        target.aliases = [name for name in target.aliases if name not in back]
        target.save(update_fields=["aliases"])
    source.aliases = list(dict.fromkeys([*source.aliases, *(name for name in back if name != source.name)]))
    source.retired = False
    source.save(update_fields=["aliases", "retired"])


def _undo_chunk(change: BulkChange, again: BulkChange, ids: Sequence[int]) -> int:
    here = change.revisions.filter(image__in=ids, number=F("image__revision")).values_list("image", flat=True)
    images = list(Image.objects.select_for_update().filter(pk__in=list(here)).defer("fingerprint"))
    earlier = _earlier({image.pk: image.revision - 1 for image in images})
    images = [image for image in images if image.pk in earlier]
    classes = set(LabelClass.objects.filter(dataset=change.dataset_id).values_list("pk", flat=True))
    approved = approved_labels(images, boxes_by_image(image.pk for image in images))
    for image in images:
        revision = earlier[image.pk]
        image.verified, image.negative = revision.verified, revision.negative
        _restore_boxes(image.pk, [row for row in revision.boxes if row["class_id"] in classes])
    now = boxes_by_image(image.pk for image in images)
    ended = relabelled(approved, images, now)
    record(again, images, now, relabelled=ended, approved=_approved_before(images))
    return len(images)


def _approved_before(images: Sequence[Image]) -> set[int]:
    """Ids of images whose approval the change ended, and which nobody has returned since."""
    numbers = {image.pk: image.revision for image in images if image.state != ReviewState.RETURNED}
    events = ReviewEvent.objects.filter(image__in=numbers, revision__in=set(numbers.values())).order_by("-pk")
    rows = events.values_list("image", "revision", "before")
    # The first event of a revision is that of the change itself.
    first = {pk: before for pk, number, before in rows if numbers[pk] == number}
    return {pk for pk, before in first.items() if before == ReviewState.APPROVED}


def _earlier(numbers: dict[int, int]) -> dict[int, Revision]:
    rows = Revision.objects.filter(image__in=numbers, number__in=set(numbers.values()))
    return {row.image_id: row for row in rows if row.number == numbers[row.image_id]}


def _restore_boxes(image_id: int, rows: list[dict[str, Any]]) -> None:
    """Make the image's boxes those of a revision; boxes that stay keep their row."""
    wanted = {uuid.UUID(row["id"]): row for row in rows}
    present = {box.pk: box for box in Box.objects.filter(image=image_id)}
    Box.objects.filter(pk__in=present.keys() - wanted.keys()).delete()
    changed = [box for pk, box in present.items() if pk in wanted and _take(box, wanted[pk])]
    Box.objects.bulk_update(changed, [*VALUES, "tags"])
    insert_rows(Box, [_new_box(image_id, pk, row) for pk, row in wanted.items() if pk not in present])


def _values(row: dict[str, Any]) -> dict[str, Any]:
    """Columns of a box as a revision holds them; those of older revisions have no tags."""
    values = {name: row["class_id"] if name == "label_class_id" else row[name] for name in VALUES}
    return {**values, "tags": row["tags"]} if "tags" in row else values


def _take(box: Box, row: dict[str, Any]) -> bool:
    """Write a revision's values into a box; True when that changes it."""
    values = _values(row)
    if all(getattr(box, name) == value for name, value in values.items()):
        return False
    for name, value in values.items():
        setattr(box, name, value)
    return True


def _new_box(image_id: int, pk: uuid.UUID, row: dict[str, Any]) -> NewBox:
    return NewBox(id=pk, image_id=image_id, created_by_id=None, **_values(row))
