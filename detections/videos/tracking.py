"""Following objects from frame to frame, so that boxes neither flicker nor tremble.

Boxes of one class are given to the tracks they overlap, so that the sum of IoUs is highest (scipy's assignment). As in
ByteTrack a track begins with a sure box only, and goes on with one that is half as sure; where there is none it stays
where it was for a few frames. Edges are averaged over time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from detections.metrics.table import pairwise_iou

#: A box that overlaps a track less than this is another object.
SAME_IOU = 0.3
#: Seconds that a track waits for a box.
HOLD_SECONDS = 0.4
#: Weight of the newest box in the average of edges.
NEWEST = 0.6
Boxes = NDArray[np.float64]


@dataclass
class Seen:
    """A box of a frame; `track` is 0 without tracking. `held`: the track's last place, no box of this frame."""

    class_id: int
    score: float
    box: Boxes
    track: int = 0
    held: bool = False


@dataclass
class Track:
    number: int
    class_id: int
    box: Boxes
    score: float
    last: float


@dataclass
class Tracker:
    """`threshold`: the score from which a box begins a track."""

    threshold: float
    tracks: list[Track] = field(default_factory=list)
    count: int = 0

    def follow(self, seconds: float, class_ids: NDArray[np.int64], scores: Boxes, boxes: Boxes) -> list[Seen]:
        """What is to be shown of the next frame; boxes [n, 4] in pixels, the surest first."""
        self.tracks = [track for track in self.tracks if seconds - track.last <= HOLD_SECONDS]
        shown, met = [], set()
        for place, track in self._pairs(class_ids, scores, boxes):
            if track is None:
                if scores[place] < self.threshold:
                    continue
                self.count += 1
                track = Track(self.count, int(class_ids[place]), boxes[place], 0.0, seconds)
                self.tracks.append(track)
            track.box = NEWEST * boxes[place] + (1 - NEWEST) * track.box
            track.score, track.last = float(scores[place]), seconds
            met.add(track.number)
            shown.append(Seen(track.class_id, track.score, track.box, track.number))
        held = [track for track in self.tracks if track.number not in met]
        return shown + [Seen(track.class_id, track.score, track.box, track.number, held=True) for track in held]

    def _pairs(self, class_ids: NDArray[np.int64], scores: Boxes, boxes: Boxes) -> list[tuple[int, Track | None]]:
        """Each box that is sure enough to go on with, and the track it belongs to."""
        pairs: dict[int, Track | None] = dict.fromkeys(np.flatnonzero(scores >= self.threshold / 2).tolist())
        for class_id in {int(class_ids[place]) for place in pairs}:
            mine = [place for place in pairs if class_ids[place] == class_id]
            tracks = [track for track in self.tracks if track.class_id == class_id]
            if tracks:
                ious = pairwise_iou(boxes[mine], np.array([track.box for track in tracks]))
                for row, column in zip(*linear_sum_assignment(ious, maximize=True), strict=True):
                    if ious[row, column] >= SAME_IOU:
                        pairs[mine[row]] = tracks[column]
        return list(pairs.items())
