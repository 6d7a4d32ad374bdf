"""The timeline of a video as its page draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from detections.display import class_style
from detections.video_models import VideoScan

#: Spans a class shows at most; beyond them neighbours are joined, as no eye tells them apart.
MOST_SPANS = 400


@dataclass(frozen=True)
class Bar:
    """A time in which a class is in view; `x` and `width` are thousandths of the video."""

    start: float
    x: float
    width: float
    title: str


@dataclass(frozen=True)
class Row:
    name: str
    colour: str
    frames: int
    most: int
    tracks: int
    share: float
    bars: list[Bar]


def clock(seconds: float) -> str:
    """ "1:02:03.4"; hours only where there are some."""
    minutes, rest = divmod(max(seconds, 0.0), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"


def rows(scan: VideoScan) -> list[Row]:
    """A line for each class that was seen, that with most frames first."""
    summary = scan.summary
    style = class_style(scan.model.label_map, scan.model.run.version.dataset)
    length = max(summary.get("seconds", 0.0), 0.001)
    return [
        Row(
            name=found["name"],
            colour=style.colour(found["class_id"]),
            frames=found["frames"],
            most=found["most"],
            tracks=found["tracks"],
            share=found["frames"] / max(summary["frames"], 1),
            bars=bars(summary["spans"], found, length),
        )
        for found in sorted(summary.get("classes", []), key=lambda found: -found["frames"])
    ]


def bars(spans: list[dict[str, Any]], found: dict[str, Any], length: float) -> list[Bar]:
    mine = joined([span for span in spans if span["class_id"] == found["class_id"]])
    return [
        Bar(
            span["start"],
            round(1000 * span["start"] / length, 2),
            round(max(1000 * (span["end"] - span["start"]) / length, 3), 2),
            f"{found['name']}, {clock(span['start'])} to {clock(span['end'])}, at most {span['most']} at once, "
            f"best score {span['score']:.2f}",
        )
        for span in mine
    ]


def joined(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """No more than MOST_SPANS: those with the shortest gaps between them become one."""
    if len(spans) <= MOST_SPANS:
        return spans
    gaps = sorted(after["start"] - before["end"] for before, after in zip(spans, spans[1:], strict=False))
    limit = gaps[len(spans) - MOST_SPANS - 1]
    result = [dict(spans[0])]
    for span in spans[1:]:
        if span["start"] - result[-1]["end"] <= limit:
            last = result[-1]
            last["end"], last["most"] = span["end"], max(last["most"], span["most"])
            last["score"] = max(last["score"], span["score"])
        else:
            result.append(dict(span))
    return result
