"""What appears when: one pass over the frames of a video, in memory that does not grow with its frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from detections.videos.tracking import Seen

#: A class that is gone for less than this has not gone.
GAP_SECONDS = 0.5
#: Scores about which one learns nothing: nobody is asked about them.
LEAST_SCORE = 0.05


@dataclass
class Span:
    """A class in view from `start` to `end`, in seconds; `most` at once, `score` the best."""

    class_id: int
    start: float
    end: float
    most: int
    score: float


@dataclass
class ClassCount:
    frames: int = 0
    boxes: int = 0
    most: int = 0
    tracks: set[int] = field(default_factory=set)


@dataclass
class Timeline:
    spans: list[Span] = field(default_factory=list)
    counts: dict[int, ClassCount] = field(default_factory=dict)
    #: Second of the video -> (uncertainty, frame, seconds) of its most uncertain frame.
    uncertain: dict[int, tuple[float, int, float]] = field(default_factory=dict)
    _open: dict[int, Span] = field(default_factory=dict)

    def add(self, frame: int, seconds: float, seen: list[Seen], scores: list[float]) -> None:
        """`seen` is what is shown of the frame, `scores` all scores the model gave there."""
        by_class: dict[int, list[Seen]] = {}
        for each in seen:
            by_class.setdefault(each.class_id, []).append(each)
        for class_id, mine in by_class.items():
            self._count(class_id, mine)
            self._extend(class_id, seconds, mine)
        doubt = max((1 - abs(2 * score - 1) for score in scores if score >= LEAST_SCORE), default=0.0)
        if doubt > self.uncertain.get(int(seconds), (0.0, 0, 0.0))[0]:
            self.uncertain[int(seconds)] = (doubt, frame, seconds)

    def _count(self, class_id: int, mine: list[Seen]) -> None:
        count = self.counts.setdefault(class_id, ClassCount())
        count.frames += 1
        count.boxes += len(mine)
        count.most = max(count.most, len(mine))
        count.tracks |= {each.track for each in mine if each.track}

    def _extend(self, class_id: int, seconds: float, mine: list[Seen]) -> None:
        span, best = self._open.get(class_id), max(each.score for each in mine)
        if span is None or seconds - span.end > GAP_SECONDS:
            span = Span(class_id, seconds, seconds, 0, 0.0)
            self._open[class_id] = span
            self.spans.append(span)
        span.end, span.most, span.score = seconds, max(span.most, len(mine)), max(span.score, best)

    def as_json(self) -> dict[str, Any]:
        counts = [
            {"class_id": class_id, "frames": c.frames, "boxes": c.boxes, "most": c.most, "tracks": len(c.tracks)}
            for class_id, c in sorted(self.counts.items())
        ]
        spans = [{**vars(span), "start": round(span.start, 3), "end": round(span.end, 3)} for span in self.spans]
        doubts = sorted(self.uncertain.values(), reverse=True)
        return {
            "classes": counts,
            "spans": spans,
            "uncertain": [[round(doubt, 4), frame, round(seconds, 3)] for doubt, frame, seconds in doubts],
        }
