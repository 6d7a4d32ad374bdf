"""Frames of a video as image files. A process of its own, so that a decoder that crashes takes nobody along:

    python -m datasets.sources.frames VIDEO FOLDER --stem NAME --seconds 1|--frames 30|--numbers 4,9 [--keep-alike]

Every line on stdout is one JSON object: {"kept": file name, "frame", "seconds", "sha256"} for each image written,
{"at": share of the video, 0 to 1} now and then, and at the end {"decoded", "stated", "alike", "limit"} or {"error"}.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image as Pillow

from datasets.likeness import fingerprint, hardly_differs
from datasets.pictures import MAX_PIXELS
from sw_site.lib.process import die_with_parent, take_little

#: Frames that a new one is compared with: the last ones that were kept, so that cutting to and fro is noticed, too.
REMEMBERED = 200
JPEG = {"quality": 95, "subsampling": 0}
SAY_EVERY_SECONDS = 0.3


class VideoError(Exception):
    """The end of the sentence "<file name> …"."""


@dataclass
class Choice:
    """Which frames are wanted: every so many seconds of the video, every so many frames, or those numbers."""

    seconds: float = 0.0
    frames: int = 0
    numbers: frozenset[int] = frozenset()
    _last: int = field(default=-1, init=False)

    def wants(self, frame: int, seconds: float) -> bool:
        if self.numbers:
            return frame in self.numbers
        # Half a millisecond is added because times are rounded: 0.9999 s is meant to be 1 s.
        step = frame // self.frames if self.frames else int((seconds + 0.0005) / self.seconds)
        wanted = step > self._last
        self._last = max(step, self._last)
        return wanted


class Film:
    """A video that OpenCV reads through FFmpeg, frame after frame, upright."""

    def __init__(self, path: Path) -> None:
        # A video may name other files or addresses to be read in its place; no protocol but files is open to it.
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "protocol_whitelist;file"
        os.environ |= {"OPENCV_LOG_LEVEL": "SILENT", "OPENCV_FFMPEG_LOGLEVEL": "-8"}
        import cv2

        self._cv2, self._capture = cv2, cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise VideoError("cannot be opened: it is damaged, was cut short, or holds no pictures. Get a whole copy.")
        width, height = (self._capture.get(n) for n in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        if width * height > MAX_PIXELS:
            raise VideoError(f"has {width:.0f} x {height:.0f} pixels; 12,000 x 12,000 is the most.")
        self.stated = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        self.rate = self._capture.get(cv2.CAP_PROP_FPS) or 25.0

    def times(self) -> Iterator[tuple[int, float]]:
        """(number from 0, seconds) of each frame in turn; where a file states no times, its rate does."""
        number, before = 0, -1.0
        while self._capture.grab():
            stated = self._capture.get(self._cv2.CAP_PROP_POS_MSEC) / 1000
            seconds = stated if stated > before else max(before, 0.0) + (1 / self.rate if number else 0.0)
            yield number, seconds
            number, before = number + 1, seconds

    def picture(self) -> Pillow.Image | None:
        """The present frame; None when it does not decode."""
        found, pixels = self._capture.retrieve()
        return Pillow.fromarray(self._cv2.cvtColor(pixels, self._cv2.COLOR_BGR2RGB)) if found else None


def extract(
    film: Film, folder: Path, stem: str, choice: Choice, keep_alike: bool, most: int
) -> Iterator[dict[str, Any]]:
    """Write the wanted frames as JPEG; says what the head of this file lists."""
    remembered: deque[bytes] = deque(maxlen=REMEMBERED)
    decoded = kept = alike = 0
    said = time.monotonic()
    for number, seconds in film.times():
        decoded = number + 1
        if time.monotonic() - said > SAY_EVERY_SECONDS:
            said = time.monotonic()
            yield {"at": min(1.0, decoded / film.stated) if film.stated else 0.0}
        if not choice.wants(number, seconds) or (picture := film.picture()) is None:
            continue
        if not keep_alike:
            looks = fingerprint(picture)
            if hardly_differs(looks, remembered):
                alike += 1
                continue
            remembered.append(looks)
        if kept == most:
            yield {"decoded": decoded, "stated": film.stated, "alike": alike, "limit": True}
            return
        kept += 1
        yield {**write(picture, folder / f"{stem}_{number:06d}.jpg"), "frame": number, "seconds": round(seconds, 3)}
    if not decoded:
        raise VideoError("holds no picture that can be read: it is empty or damaged. Get a whole copy.")
    yield {"decoded": decoded, "stated": film.stated, "alike": alike, "limit": False}


def write(picture: Pillow.Image, file: Path) -> dict[str, Any]:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", **JPEG)
    file.write_bytes(buffer.getvalue())
    return {"kept": file.name, "sha256": hashlib.sha256(buffer.getvalue()).hexdigest()}


def main() -> None:
    die_with_parent()
    take_little()
    parser = argparse.ArgumentParser()
    parser.add_argument("video", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stem", required=True)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--frames", type=int, default=0)
    parser.add_argument("--numbers", default="")
    parser.add_argument("--keep-alike", action="store_true")
    parser.add_argument("--most", type=int, default=20_000)
    given = parser.parse_args()
    choice = Choice(given.seconds, given.frames, frozenset(map(int, filter(None, given.numbers.split(",")))))
    try:
        for line in extract(Film(given.video), given.folder, given.stem, choice, given.keep_alike, given.most):
            print(json.dumps(line), flush=True)
    except VideoError as error:
        print(json.dumps({"error": str(error)}), flush=True)


if __name__ == "__main__":
    main()
