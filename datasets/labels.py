"""One saved state of an image's boxes as plain values, and the sentence that sums up a change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from datasets.bulk import NewBox
from datasets.models import Box


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
    }


def boxes_as_json(boxes: Iterable[Box | NewBox]) -> list[dict[str, Any]]:
    return [box_as_json(box) for box in boxes]


def describe_change(added: int = 0, changed: int = 0, removed: int = 0, other: str = "") -> str:
    """ "2 added, 1 removed": the line of a revision."""
    parts = [f"{n} {word}" for n, word in ((added, "added"), (changed, "changed"), (removed, "removed")) if n]
    return ", ".join([*parts, *([other] if other else [])]) or "nothing changed"
