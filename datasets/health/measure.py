"""The figures of a dataset's health, from one pass over its images and one over its boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.health.detectors import DEFAULT, DETECTORS, TOO_SMALL, best_overlap
from datasets.health.leaks import leaks_of
from datasets.health.tables import EDGES, boxes_of, images_of
from datasets.models import Dataset

#: Edges of the histogram of box sizes: side of a square of the box's area, in pixels at the input size.
SIDES = (0, 8, 16, 32, 64, 128, 256, 512, 100_000)
#: Edges of the histogram of shapes: width over height at the input size.
ASPECTS = (0, 0.25, 0.4, 0.67, 1.5, 2.5, 4, 100_000)
COUNTS = (0, 1, 2, 3, 5, 10, 20, 50, 100, 1_000_000_000)
HEAT = (12, 9)


def measure(dataset: Dataset, detector: str = DEFAULT, input_size: int | None = None) -> dict[str, Any]:
    """Everything the health page shows, as plain values (JSON); the advice is `advice.advise`.

    `detector` is a key of `DETECTORS`; `input_size` the side in pixels of the square it sees, its usual one when None.
    """
    kind = DETECTORS[detector]
    size = input_size or kind.input_size
    images = images_of(dataset)
    boxes, of = boxes_of(dataset, images["id"])
    edges = np.stack([boxes[edge] for edge in EDGES], 1)
    extent = np.stack([images["width"], images["height"]], 1).astype(float)[of]
    at_input = (edges[:, 2:] - edges[:, :2]) / extent * size
    return {
        "dataset": dataset.name,
        "detector": detector,
        "input_size": size,
        **_image_figures(images),
        "boxes": len(edges),
        "classes": _class_figures(dataset, boxes),
        "boxes_per_image": histogram(images["box_count"][~images["unlabelled"]], COUNTS),
        "image_sizes": _image_sizes(images),
        **_box_figures(at_input, kind.anchors(size) if kind.anchors and len(edges) else None),
        "positions": _positions((edges[:, :2] + edges[:, 2:]) / 2 / extent),
        "leaks": leaks_of(dataset),
    }


def _image_figures(images: NDArray[Any]) -> dict[str, int]:
    return {
        "images": len(images),
        "labelled": int((~images["unlabelled"]).sum()),
        "unlabelled": int(images["unlabelled"].sum()),
        "negatives": int(((images["box_count"] == 0) & ~images["unlabelled"]).sum()),
        "damaged": int(images["damaged"].sum()),
    }


def _class_figures(dataset: Dataset, boxes: NDArray[Any]) -> list[dict[str, Any]]:
    number = counted(boxes["label_class"])
    images = counted(np.unique(boxes[["image", "label_class"]])["label_class"])
    return [
        {
            "id": c.pk,
            "number": c.number,
            "name": c.name,
            "colour": c.colour,
            "boxes": number.get(c.pk, 0),
            "images": images.get(c.pk, 0),
            "share": number.get(c.pk, 0) / len(boxes) if len(boxes) else 0.0,
        }
        for c in dataset.classes.all()
        if c.pk in number or not c.retired
    ]


def counted(values: NDArray[Any]) -> dict[int, int]:
    """How often each value is there."""
    found, numbers = np.unique(values, return_counts=True)
    return dict(zip(found.tolist(), numbers.tolist(), strict=True))


def _image_sizes(images: NDArray[Any]) -> dict[str, Any]:
    sizes, numbers = np.unique(images[["width", "height"]], return_counts=True)
    common = [(*sizes[n].tolist(), int(numbers[n])) for n in np.argsort(-numbers, kind="stable")[:8]]
    return {"different": len(sizes), "common": [{"width": w, "height": h, "images": n} for w, h, n in common]}


def _box_figures(at_input: NDArray[np.float64], anchors: NDArray[np.float64] | None) -> dict[str, Any]:
    """Sizes and shapes as the detector sees them, and how well its anchors fit (None without anchors or boxes)."""
    sides, aspects = np.sqrt(at_input.prod(1)), at_input[:, 0] / np.maximum(at_input[:, 1], 1e-9)
    fit = best_overlap(at_input, anchors) if anchors is not None else None
    return {
        "sizes": histogram(sides, SIDES),
        "aspects": histogram(aspects, ASPECTS),
        "too_small": share(at_input.min(1) < TOO_SMALL) if len(at_input) else 0.0,
        "anchors_fit": share(fit >= 0.5) if fit is not None else None,
        "anchor_sides": sorted({round(float(s), 1) for s in np.sqrt(anchors.prod(1))}) if anchors is not None else [],
    }


def _positions(centres: NDArray[np.float64]) -> list[list[int]]:
    """Box centres counted in a grid over the image, top row first."""
    across, down = HEAT
    counts, _, _ = np.histogram2d(centres[:, 1], centres[:, 0], bins=(down, across), range=((0, 1), (0, 1)))
    return [[int(n) for n in row] for row in counts]


def histogram(values: NDArray[Any], edges: tuple[float, ...]) -> list[dict[str, Any]]:
    """[{from, to, count}] with from <= value < to; the last `to` is None: everything above."""
    counts, _ = np.histogram(values, bins=edges) if len(values) else (np.zeros(len(edges) - 1), None)
    tops = [*edges[1:-1], None]
    return [{"from": low, "to": high, "count": int(n)} for low, high, n in zip(edges, tops, counts, strict=False)]


def share(flags: NDArray[np.bool_]) -> float:
    return round(float(flags.mean()), 4)
