"""Arithmetic of boxes given as pixel edges (x1, y1, x2, y2). Pure functions."""

from __future__ import annotations

Edges = tuple[float, float, float, float]


def turn_edges(edges: Edges, orientation: int, raw_width: int, raw_height: int) -> Edges:
    """Edges in the stored frame of a photo -> edges in its upright frame, for an EXIF orientation of 1 to 8.

    Source: Exif 2.32, tag 0x0112.
    """
    x1, y1, x2, y2 = edges
    w, h = raw_width, raw_height
    return {
        1: (x1, y1, x2, y2),
        2: (w - x2, y1, w - x1, y2),
        3: (w - x2, h - y2, w - x1, h - y1),
        4: (x1, h - y2, x2, h - y1),
        5: (y1, x1, y2, x2),
        6: (h - y2, x1, h - y1, x2),
        7: (h - y2, w - x2, h - y1, w - x1),
        8: (y1, w - x2, y2, w - x1),
    }[orientation]


def scale_edges(edges: Edges, x_factor: float, y_factor: float) -> Edges:
    x1, y1, x2, y2 = edges
    return x1 * x_factor, y1 * y_factor, x2 * x_factor, y2 * y_factor


def order_edges(edges: Edges) -> Edges:
    """Swap edges that stand in the wrong order."""
    x1, y1, x2, y2 = edges
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def clip_edges(edges: Edges, width: float, height: float) -> Edges:
    """The part of a box inside the image; has no area when nothing of it is."""
    x1, y1, x2, y2 = edges
    return max(0.0, min(x1, width)), max(0.0, min(y1, height)), max(0.0, min(x2, width)), max(0.0, min(y2, height))


def overshoot(edges: Edges, width: float, height: float) -> float:
    """How many pixels a box reaches outside the image at most."""
    x1, y1, x2, y2 = edges
    return max(0.0, -x1, -y1, x2 - width, y2 - height)


def area(edges: Edges) -> float:
    x1, y1, x2, y2 = edges
    return max(0.0, x2 - x1) * max(0.0, y2 - y1)


def iou(a: Edges, b: Edges) -> float:
    """Intersection over union, 0 to 1."""
    shared = area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))
    total = area(a) + area(b) - shared
    return shared / total if total > 0 else 0.0
