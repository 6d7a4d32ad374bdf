"""What was found on one image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Detections:
    """What was found on one image, best first, at most 100.

    `boxes` float32 [n, 4] are absolute pixel edges xmin, ymin, xmax, ymax of the image as given; `scores` float32 [n]
    from 0 to 1; `class_ids` int64 [n] are ids of the label map.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.scores)

    def above(self, threshold: float) -> Detections:
        """Only the detections with at least this score."""
        keep = self.scores >= threshold
        return Detections(self.boxes[keep], self.scores[keep], self.class_ids[keep])
