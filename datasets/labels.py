"""One saved state of an image's boxes as plain values, and the sentence that sums up a change."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from typing import Any

from datasets.bulk import NewBox
from datasets.models import Box, Image
from datasets.models.annotation import BoxSource

#: How far back a box that was deleted is looked for when it comes back.
REVISIONS_SEARCHED = 50


def box_as_json(box: Box | NewBox) -> dict[str, Any]:
    """A box as the label API and the history write it; `class_id` is the row id of the class."""
    return {
        "id": str(box.id),
        "class_id": box.label_class_id,
        "x1": box.x1,
        "y1": box.y1,
        "x2": box.x2,
        "y2": box.y2,
        "difficult": box.difficult,
        "truncated": box.truncated,
        "occluded": box.occluded,
        "pose": box.pose,
        "source": box.source,
        "score": box.score,
        "tags": box.tags,
    }


def boxes_as_json(boxes: Iterable[Box | NewBox]) -> list[dict[str, Any]]:
    return [box_as_json(box) for box in boxes]


def label_values(boxes: Iterable[Box | NewBox]) -> frozenset[tuple[Any, ...]]:
    """What the boxes say is on the image. Proposals of a model say nothing until they are accepted."""
    return frozenset(
        (box.id, box.label_class_id, box.x1, box.y1, box.x2, box.y2, box.difficult, box.truncated, box.occluded)
        for box in boxes
        if box.source != BoxSource.MODEL
    )


def earlier_texts(image: Image, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
    """Pose and tags of boxes that were on the image before, by id: no editor shows them, so none sends them back."""
    found: dict[uuid.UUID, dict[str, Any]] = {}
    if not ids:
        return found
    wanted = {str(pk): pk for pk in ids}
    for boxes in image.revisions.order_by("-number").values_list("boxes", flat=True)[:REVISIONS_SEARCHED].iterator():
        for row in boxes:
            if pk := wanted.pop(row["id"], None):
                found[pk] = {"pose": row["pose"], "tags": row.get("tags", [])}
        if not wanted:
            break
    return found


def describe_change(added: int = 0, changed: int = 0, removed: int = 0, other: str = "") -> str:
    """ "2 added, 1 removed": the line of a revision."""
    parts = [f"{n} {word}" for n, word in ((added, "added"), (changed, "changed"), (removed, "removed")) if n]
    return ", ".join([*parts, *([other] if other else [])]) or "nothing changed"
