"""What a detector is asked to be, whichever its family."""

from __future__ import annotations

from dataclasses import dataclass

from training.engine.architectures.preset import Preset

MAX_DETECTIONS = 100


@dataclass(frozen=True)
class Wanted:
    """`size` is the side of the square input in pixels, `steps` the length of the run, `boxes` the most on one image.

    `frozen_batch_norm` keeps moving means and variances as they are: in small batches they are mostly noise.
    """

    preset: Preset
    size: int
    depth_multiplier: float
    classes: int
    steps: int
    boxes: int = 0
    frozen_batch_norm: bool = False

    @property
    def detections(self) -> int:
        """How many boxes the detector may find: a hundred, or as many as the fullest image has."""
        return max(MAX_DETECTIONS, self.boxes)
