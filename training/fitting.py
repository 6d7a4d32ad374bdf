"""How well a detector's anchors fit the boxes of a version, for the cards of the zoo and the check before a run."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from datasets.health.detectors import DETECTORS, Detector, best_overlap
from datasets.versions.manifest import Manifest
from training.engine.architectures.preset import CENTERNET, FASTER_RCNN, Preset

#: Below this many pixels a box is hard to find for any detector of this kind.
SMALL_SIDE = 30.0
#: An anchor and a box that overlap so far on one centre are matched in training.
MATCHED = 0.5
GOOD_SHARE, FAIR_SHARE = 0.9, 0.7


@dataclass(frozen=True)
class Fit:
    """`share` of the boxes have an anchor that covers them half (None: no anchors); `small_side` is the side in pixels
    of the smallest tenth of the boxes at the detector's input, `smallest_anchor` that of its smallest anchor."""

    share: float | None
    small_side: float
    smallest_anchor: float | None

    @property
    def level(self) -> str:
        """ "good", "fair" or "poor"."""
        if self.small_side < SMALL_SIDE / 2 or (self.share is not None and self.share < FAIR_SHARE):
            return "poor"
        if self.small_side < SMALL_SIDE or (self.share is not None and self.share < GOOD_SHARE):
            return "fair"
        return "good"

    @property
    def words(self) -> str:
        small = f"the smallest tenth of your boxes is {self.small_side:.0f} px wide or less at its input"
        if self.share is None:
            return f"{self.level.capitalize()} fit: it needs no anchors; {small}."
        return f"{self.level.capitalize()} fit: anchors cover {self.share:.0%} of your boxes; {small}."


def detector_of(preset: Preset) -> Detector:
    """The family of anchors a preset belongs to."""
    if preset.family == FASTER_RCNN:
        return DETECTORS["faster_rcnn"]
    if preset.family == CENTERNET:
        return DETECTORS["centernet"]
    if preset.name.startswith("efficientdet"):
        return DETECTORS["efficientdet"]
    return DETECTORS["ssd_fpn" if "fpn" in preset.name else "ssd"]


def sizes_of(manifest: Manifest, split: str = "train") -> NDArray[np.float64]:
    """[n, 2] widths and heights of a split's boxes as shares of their image; those without area are left out."""
    rows = (
        ((box.x2 - box.x1) / image.width, (box.y2 - box.y1) / image.height)
        for image in manifest.split(split)
        for box in image.boxes
        if image.width and image.height
    )
    sizes = np.fromiter(chain.from_iterable(rows), float).reshape(-1, 2)
    return sizes[(sizes > 0).all(1) & np.isfinite(sizes).all(1)]


def fit_of(sizes: NDArray[np.float64], preset: Preset, input_size: int) -> Fit | None:
    """How a preset at this input size fits boxes given as shares of their images; None without boxes."""
    if not len(sizes):
        return None
    pixels = sizes * input_size
    small = float(np.percentile(np.sqrt(pixels.prod(1)), 10))
    anchors = detector_of(preset).anchors
    if anchors is None:
        return Fit(None, small, None)
    shapes = anchors(input_size)
    share = float((best_overlap(pixels, shapes) >= MATCHED).mean())
    return Fit(share, small, float(np.sqrt(shapes.prod(1)).min()))
