"""What the usual detectors of the Object Detection API look for: the shapes of their anchors at an input size.

Kept here as plain figures, because this app knows nothing of training. Every detector of the site sees a square, to
which the whole image is stretched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Below this many pixels at the input size an object leaves next to nothing on the first feature map (stride 8).
TOO_SMALL = 8


def pyramid(levels: tuple[int, int], scales: int) -> Callable[[int], NDArray[np.float64]]:
    """Anchors of `multiscale_anchor_generator`: 4 strides of each level, aspects 1, 2 and 1/2, any input size."""
    sides = [4 * 2 ** (level + n / scales) for level in range(levels[0], levels[1] + 1) for n in range(scales)]
    return lambda size: shapes(sides, [1.0, 2.0, 0.5])


def shares(least: float, most: float, layers: int) -> Callable[[int], NDArray[np.float64]]:
    """Anchors of `ssd_anchor_generator`: shares of the input from `least` to `most`, spread evenly over the layers."""
    scales = [least + (most - least) * n / (layers - 1) for n in range(layers)]
    return lambda size: shapes([size * scale for scale in scales], [1.0, 2.0, 0.5, 3.0, 1 / 3])


def shapes(sides: list[float], aspects: list[float]) -> NDArray[np.float64]:
    """[n, 2] widths and heights in pixels: every side (the root of the area) in every aspect (width over height)."""
    return np.array([(side * aspect**0.5, side / aspect**0.5) for side in sides for aspect in aspects])


@dataclass(frozen=True)
class Detector:
    """`anchors(input size)` gives [n, 2] widths and heights in pixels; None for detectors without anchors."""

    title: str
    input_size: int
    anchors: Callable[[int], NDArray[np.float64]] | None


DETECTORS = {
    "ssd_fpn": Detector("SSD with FPN (MobileNet, ResNet)", 320, pyramid((3, 7), 2)),
    "ssd": Detector("SSD without FPN", 300, shares(0.2, 0.95, 6)),
    "efficientdet": Detector("EfficientDet", 512, pyramid((3, 7), 3)),
    "faster_rcnn": Detector("Faster R-CNN", 640, lambda size: shapes([64, 128, 256, 512], [0.5, 1.0, 2.0])),
    "centernet": Detector("CenterNet (no anchors)", 512, None),
}
DEFAULT = "ssd_fpn"


def best_overlap(sizes: NDArray[np.float64], anchors: NDArray[np.float64]) -> NDArray[np.float64]:
    """IoU of each of [n, 2] box sizes with the anchor that fits it best, both put on one centre."""
    best = np.zeros(len(sizes))
    areas = sizes.prod(1)
    for width, height in anchors:
        shared = np.minimum(sizes[:, 0], width) * np.minimum(sizes[:, 1], height)
        best = np.maximum(best, shared / (areas + width * height - shared))
    return best
