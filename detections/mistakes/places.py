"""Where a label lies, and whether it is still the one that was asked about."""

from __future__ import annotations

from typing import Any

from datasets.labels import box_as_json
from datasets.models import Box

EDGES = ("x1", "y1", "x2", "y2")
MARKS = ("class_id", *EDGES)


def overlap(first: dict[str, Any], second: dict[str, Any]) -> float:
    """IoU of two boxes with edges x1, y1, x2, y2."""
    width = min(first["x2"], second["x2"]) - max(first["x1"], second["x1"])
    height = min(first["y2"], second["y2"]) - max(first["y1"], second["y1"])
    shared = max(width, 0.0) * max(height, 0.0)
    areas = [(box["x2"] - box["x1"]) * (box["y2"] - box["y1"]) for box in (first, second)]
    return shared / (sum(areas) - shared) if shared else 0.0


def same_label(box: Box | None, was: dict[str, Any]) -> bool:
    """Whether the box is there and has the class and the edges it had."""
    if box is None:
        return False
    now = box_as_json(box)
    return all(now[name] == was[name] for name in MARKS)
