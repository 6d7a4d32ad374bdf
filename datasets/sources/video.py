"""Frames of videos, taken by a process of their own (datasets/sources/frames.py) and watched from here."""

from __future__ import annotations

import hashlib
import json
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from datasets.formats.records import FormatError, Problem
from datasets.models.origin import OriginKind
from datasets.sources.fetched import Fetched, Origin
from sw_site.lib.errors import UserError
from sw_site.lib.process import bare_environment

MOST_FRAMES = 20_000
#: Frames a file may lack, as a share of those it states, before it counts as cut short: statements are rough at times.
MISSING_SHARE = 0.05
KINDS = "MP4, MOV, MKV, WebM, AVI, MPEG, WMV, FLV and Ogg"
BOX_NAMES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
BEGINNINGS = (b"\x1aE\xdf\xa3", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3", b"0&\xb2u\x8ef\xcf\x11", b"FLV\x01", b"OggS")


@dataclass(frozen=True)
class FrameChoice:
    """Which frames: every `seconds` seconds, every `frames` frames (the other is 0), or those `numbers`.

    `keep_alike` drops none.
    """

    seconds: float = 1.0
    frames: int = 0
    keep_alike: bool = False
    numbers: tuple[int, ...] = ()

    def check(self) -> None:
        """Raises UserError unless exactly one of the two is given, in bounds."""
        if bool(self.seconds) == bool(self.frames) or not 0 <= self.frames <= 1_000_000:
            raise UserError("bad_frames", "Say how often: every so many seconds, or every so many frames; not both.")
        if self.seconds and not 0.01 <= self.seconds <= 86_400:
            raise UserError("bad_frames", "Between two images must be 0.01 to 86,400 seconds.")


#: Animations: of an import they are pictures, asked for by name they are read frame by frame.
GIF = (b"GIF87a", b"GIF89a")


def is_video(head: bytes) -> bool:
    """Whether a file begins like a video. Playlists and other texts, which FFmpeg reads too, may name other files."""
    if head[4:8] in BOX_NAMES or head.startswith(BEGINNINGS):
        return True
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return True
    return any(len(head) > first + 2 * step and head[first] == head[first + step] == head[first + 2 * step] == 0x47
               for first, step in ((0, 188), (4, 192)))  # fmt: skip


def take_frames(video: Path, choice: FrameChoice, fetched: Fetched, step: Callable[[int, int, str], None]) -> int:
    """Put the wanted frames of a video into the folder of `fetched`; the number of near-identical ones left out.

    A video that cannot be read, or not to its end, is one more problem of `fetched`. `step` may raise to stop.

    Raises:
        FormatError: no frame could be had of it.
    """
    with video.open("rb") as file:
        head = file.read(1024)
        if not head:
            raise unreadable("is empty (0 bytes). Send it again.")
        if not (is_video(head) or head.startswith(GIF)):
            raise unreadable(f"is of a kind that is not read, or is none. Read are {KINDS}.")
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    folder = free_folder(fetched.folder, video.name)
    kept, at = 0, 0.0
    for said in lines_of(_command(video, folder, choice)):
        if "kept" in said:
            kept += 1
            origin = Origin(OriginKind.VIDEO, video.name[:500], digest, said["frame"], said["seconds"])
            fetched.origins[said["sha256"]].append(origin)
        elif "error" in said:
            raise unreadable(said["error"])
        elif "decoded" in said:
            fetched.problems.extend(Problem(video.name, e.code, e.message) for e in remarks(said))
            return int(said["alike"])
        at = said.get("at", at)
        step(int(1000 * at), 1000, f"{video.name}: {kept:,} frames")
    raise unreadable("is damaged: the decoder gave up on it. Get a whole copy, or save it again.")


def unreadable(rest: str) -> FormatError:
    return FormatError("video_not_readable", f"The video {rest}")


def remarks(end: dict[str, Any]) -> Iterator[FormatError]:
    """What is to be said about a video that was read, if not all of it was."""
    decoded, stated = end["decoded"], end["stated"]
    if end["limit"]:
        message = f"It has more than {MOST_FRAMES:,} such frames; the first ones were taken. Take fewer, or cut it."
        yield FormatError("video_too_long", message)
    elif decoded + 2 < stated * (1 - MISSING_SHARE):
        message = f"It ends early: {decoded:,} of {stated:,} frames could be read. They were used; get a whole copy."
        yield FormatError("video_cut_short", message)


def free_folder(root: Path, name: str) -> Path:
    """A new folder named like the video, which becomes the folder of its images."""
    number, folder = 1, root / name
    while folder.exists():
        number += 1
        folder = root / f"{number}-{name}"
    folder.mkdir(parents=True)
    return folder


def _command(video: Path, folder: Path, choice: FrameChoice) -> list[str]:
    stem = re.sub(r"[^\w.-]+", "_", video.stem).strip("._-")[:80] or "frame"
    often = ["--frames", str(choice.frames)] if choice.frames else ["--seconds", str(choice.seconds)]
    if choice.numbers:
        often = ["--numbers", ",".join(map(str, choice.numbers))]
    keep = ["--keep-alike"] if choice.keep_alike else []
    module = [sys.executable, "-m", "datasets.sources.frames"]
    return [*module, f"--stem={stem}", "--most", str(MOST_FRAMES), *often, *keep, str(video.absolute()), str(folder)]


def lines_of(command: list[str]) -> Iterator[dict[str, Any]]:
    """What a process says, line by line; an empty dictionary every second in which it says nothing."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=settings.BASE_DIR,
        env=bare_environment(),
    )
    coming: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process, coming), daemon=True)
    reader.start()
    try:
        while True:
            try:
                line = coming.get(timeout=1)
            except queue.Empty:
                yield {}
                continue
            if line is None:
                return
            with suppress(json.JSONDecodeError):  # a line that the end of the process cut
                yield json.loads(line)
    finally:
        process.kill()
        process.wait()
        reader.join()


def _read(process: subprocess.Popen[str], coming: queue.Queue[str | None]) -> None:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    for line in process.stdout:
        coming.put(line)
    process.stdout.close()
    coming.put(None)
