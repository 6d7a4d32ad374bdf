"""A video through a model. A process of its own, so that a decoder that crashes takes nobody along:

    python -m detections.videos.scan VIDEO MODEL_FOLDER --output OUT.webm --boxes OUT.jsonl [--threshold 0.5] [--track]

Reads frame after frame, a few in memory at a time; writes the annotated video (VP8 in WebM, which browsers play and
OpenCV's FFmpeg, under the LGPL, can write) and a line of JSON a frame with its boxes. Every line on stdout is one JSON
object: {"at": share, "frames"} now and then, and at the end {"summary": {...}} or {"error"}.

The annotated video has the source's rate. Where frames come irregularly it has the mean rate, and a frame is repeated
or left out so that everything happens at its time.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from datasets.sources.frames import Film, VideoError
from detections.drawing import annotate
from detections.videos.timeline import LEAST_SCORE, Timeline
from detections.videos.tracking import Seen, Tracker
from sw_site.lib.process import die_with_parent, take_little
from training.engine.errors import EngineError
from training.engine.predictor import Detections, Predictor, get_predictor

AT_ONCE = 8
SAY_EVERY_SECONDS = 0.3
USUAL_RATE, MOST_RATE = 25.0, 240.0
#: Two frames apart by this much more or less than usual: the rate varies.
IRREGULAR = 0.25
#: Encoding for looking at once, not for the archive.
WRITER = "deadline;realtime|cpu-used;8|threads;2"
Pixels = NDArray[np.uint8]


@dataclass
class Frame:
    number: int
    seconds: float
    picture: Pillow.Image


class Recorder:
    """The annotated video, at a constant rate whatever the source's times are."""

    def __init__(self, path: Path, rate: float, size: tuple[int, int]) -> None:
        os.environ.setdefault("OPENCV_FFMPEG_WRITER_OPTIONS", WRITER)
        import cv2

        self._cv2, self.rate = cv2, rate
        self.size = (size[0] - size[0] % 2 or 2, size[1] - size[1] % 2 or 2)  # the codec wants even sides
        code = cv2.VideoWriter.fourcc(*"VP80")
        self._writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, rate, self.size)
        if not self._writer.isOpened():
            raise VideoError("cannot be written in a copy with boxes. Free some space and try again.")
        self.written = self.repeated = self.left_out = 0
        self._start: float | None = None
        self._shown: Pixels | None = None

    def add(self, seconds: float, picture: Pillow.Image) -> None:
        """Show the picture from this time on, and until then the one before."""
        self._start = seconds if self._start is None else self._start
        due = round((seconds - self._start) * self.rate) + 1 - self.written
        if due < 1:
            self.left_out += 1
            return
        pixels = self._cv2.cvtColor(np.asarray(picture), self._cv2.COLOR_RGB2BGR)[: self.size[1], : self.size[0]]
        if pixels.shape[:2] != (self.size[1], self.size[0]):  # the source changed its size on the way
            pixels = self._cv2.resize(pixels, self.size)
        if self._shown is not None:
            for _ in range(due - 1):
                self._writer.write(self._shown)
        self._shown = np.ascontiguousarray(pixels)
        self._writer.write(self._shown)
        self.written += due
        self.repeated += due - 1

    def close(self) -> None:
        self._writer.release()


@dataclass
class Rhythm:
    """Whether frames come regularly."""

    usual: float
    last: float | None = None
    frames: int = 0
    odd: int = 0
    end: float = 0.0

    def add(self, seconds: float) -> None:
        if self.last is not None and abs((seconds - self.last) - self.usual) > IRREGULAR * self.usual:
            self.odd += 1
        self.last, self.end = seconds, seconds
        self.frames += 1

    @property
    def varies(self) -> bool:
        return self.odd > 0.02 * self.frames


@dataclass
class Scan:
    """One pass. `output` None: boxes only."""

    film: Film
    predictor: Predictor
    names: dict[int, str]
    threshold: float
    tracker: Tracker | None
    timeline: Timeline = field(default_factory=Timeline)
    recorder: Recorder | None = None
    size: tuple[int, int] = (0, 0)

    def run(self, output: Path | None, boxes: Path) -> Iterator[dict[str, Any]]:
        rate = usual_rate(self.film.rate)
        rhythm, said = Rhythm(1 / rate), time.monotonic()
        with boxes.open("w") as lines:
            for group in groups(self.frames()):
                for frame, found in zip(group, self.predictor.predict([one.picture for one in group]), strict=True):
                    rhythm.add(frame.seconds)
                    self.size = self.size if any(self.size) else frame.picture.size
                    seen = self.look(frame, found)
                    lines.write(line_of(frame, seen))
                    if output is not None:
                        self.recorder = self.recorder or Recorder(output, rate, frame.picture.size)
                        self.recorder.add(frame.seconds, drawn(frame.picture, seen, self.names))
                if time.monotonic() - said > SAY_EVERY_SECONDS:
                    said = time.monotonic()
                    at = min(1.0, rhythm.frames / self.film.stated) if self.film.stated else 0.0
                    yield {"at": at, "frames": rhythm.frames}
        if self.recorder:
            self.recorder.close()
        if not rhythm.frames:
            raise VideoError("holds no picture that can be read: it is empty or damaged. Get a whole copy.")
        yield {"summary": self.summary(rhythm, rate)}

    def frames(self) -> Iterator[Frame]:
        for number, seconds in self.film.times():
            if (picture := self.film.picture()) is not None:
                yield Frame(number, seconds, picture)

    def look(self, frame: Frame, found: Detections) -> list[Seen]:
        """What is shown of a frame; the timeline hears of it."""
        scores, boxes = found.scores.astype(np.float64), found.boxes.astype(np.float64)
        if self.tracker:
            seen = self.tracker.follow(frame.seconds, found.class_ids, scores, boxes)
        else:
            sure = np.flatnonzero(scores >= self.threshold).tolist()
            seen = [Seen(int(found.class_ids[n]), float(scores[n]), boxes[n]) for n in sure]
        self.timeline.add(frame.number, frame.seconds, seen, scores[scores >= LEAST_SCORE].tolist())
        return seen

    def summary(self, rhythm: Rhythm, rate: float) -> dict[str, Any]:
        recorder = self.recorder
        return {
            "frames": rhythm.frames,
            "stated": self.film.stated,
            "seconds": round(rhythm.end + 1 / rate, 3),
            "rate": round(rate, 3),
            "varies": rhythm.varies,
            "width": self.size[0],
            "height": self.size[1],
            "repeated": recorder.repeated if recorder else 0,
            "left_out": recorder.left_out if recorder else 0,
            **self.timeline.as_json(),
        }


def usual_rate(stated: float) -> float:
    """Frames a second; files that state nonsense (a GIF may say 0 or 1,000) get the usual one."""
    return stated if 0.1 <= stated <= MOST_RATE else USUAL_RATE


def groups(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    group: list[Frame] = []
    for frame in frames:
        group.append(frame)
        if len(group) == AT_ONCE:
            yield group
            group = []
    if group:
        yield group


def drawn(picture: Pillow.Image, seen: list[Seen], names: dict[int, str]) -> Pillow.Image:
    if not seen:
        return picture
    scores: NDArray[np.float32] = np.array([each.score for each in seen], np.float32)
    order = np.argsort(-scores, kind="stable")
    boxes = np.array([each.box for each in seen], np.float32)[order]
    class_ids = np.array([each.class_id for each in seen], np.int64)[order]
    return annotate(picture, Detections(boxes, scores[order], class_ids), names)


def line_of(frame: Frame, seen: list[Seen]) -> str:
    boxes = [
        [each.class_id, round(each.score, 4), *(round(edge, 1) for edge in each.box.tolist()), each.track]
        for each in seen
        if not each.held
    ]
    return json.dumps({"frame": frame.number, "seconds": round(frame.seconds, 3), "boxes": boxes}) + "\n"


def main() -> None:
    die_with_parent()
    take_little(memory_gb=0)
    parser = argparse.ArgumentParser()
    parser.add_argument("video", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--boxes", type=Path, required=True)
    parser.add_argument("--names", required=True, help="Label map as JSON: {id: name}.")
    parser.add_argument("--threshold", type=float, default=0.5)
    parser.add_argument("--track", action="store_true")
    given = parser.parse_args()
    names = {int(number): str(name) for number, name in json.loads(given.names).items()}
    try:
        film, predictor = Film(given.video), get_predictor(given.model)
        tracker = Tracker(given.threshold) if given.track else None
        for line in Scan(film, predictor, names, given.threshold, tracker).run(given.output, given.boxes):
            print(json.dumps(line), flush=True)
    except VideoError as error:
        print(json.dumps({"error": str(error)}), flush=True)
    except EngineError as error:
        print(json.dumps({"error": f"could not be looked at, because the model cannot be loaded: {error.sentence}"}))


if __name__ == "__main__":
    main()
