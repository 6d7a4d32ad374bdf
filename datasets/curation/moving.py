"""Boxes move from photos that go away to the one that stays."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from datasets.curation.changes import boxes_by_image, change_images
from datasets.geometry import clip_edges
from datasets.models import Box, BulkChange, Image
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User

Edges = tuple[float, float, float, float]
#: Two boxes of a class that overlap this much (IoU) are the same box when labels are moved over.
SAME_BOX = 0.8
#: Boxes are only moved over where the shapes of the two pictures differ by less than this share.
SHAPE_TOLERANCE = 0.02


def move_boxes(kept: Image, others: Sequence[Image], user: User | None) -> tuple[int, BulkChange | None]:
    """Add to `kept` what the others have and it lacks; (boxes moved, the change that holds them).

    Raises:
        UserError: an image with boxes has another shape, so its boxes would not fit.
    """
    boxes = boxes_by_image([kept.pk, *(other.pk for other in others)])
    present, missing = list(boxes[kept.pk]), []
    for other in others:
        new = _missing(kept, other, present, boxes[other.pk])
        present += new
        missing += new
    if not missing:
        return 0, None

    def edit(image: Image, there: list[Box]) -> list[Box]:
        Box.objects.bulk_create(missing)
        there.extend(missing)
        image.negative = False
        return []

    source = others[0].file_name if len(others) == 1 else f"{len(others)} photos like it"
    return len(missing), change_images(kept.dataset, [kept.pk], edit, f"{len(missing)} added from {source}", user)


def _missing(kept: Image, other: Image, present: Sequence[Box], offered: Sequence[Box]) -> list[Box]:
    """Boxes of the other image, scaled to the kept one, that it does not have yet."""
    across, down = kept.width / other.width, kept.height / other.height
    if offered and abs(across / down - 1) > SHAPE_TOLERANCE:
        raise UserError(
            "shapes_differ",
            f"{other.file_name} has another shape than {kept.file_name}, so its boxes do not fit. "
            "Delete the photo without moving its boxes, or keep both.",
            409,
        )
    found = []
    for box in offered:
        edges = (box.x1 * across, box.y1 * down, box.x2 * across, box.y2 * down)
        twins = (b for b in present if b.label_class_id == box.label_class_id and iou(edges, _edges(b)) >= SAME_BOX)
        if next(twins, None) is None:
            found.append(_copy(box, kept, clip_edges(edges, kept.width, kept.height)))
    return found


def _copy(box: Box, image: Image, edges: Edges) -> Box:
    copy = Box(id=uuid.uuid4(), image=image, label_class_id=box.label_class_id, pose=box.pose, source=box.source)
    copy.x1, copy.y1, copy.x2, copy.y2 = edges
    copy.difficult, copy.truncated, copy.occluded = box.difficult, box.truncated, box.occluded
    copy.score, copy.created_by_id, copy.tags = box.score, box.created_by_id, box.tags
    return copy


def _edges(box: Box) -> Edges:
    return box.x1, box.y1, box.x2, box.y2


def iou(a: Edges, b: Edges) -> float:
    """Intersection over union of two boxes with area, given as edges x1, y1, x2, y2."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)
