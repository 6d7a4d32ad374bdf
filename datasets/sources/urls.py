"""A list of addresses becomes image files in a folder; every line that does not is answered with a reason."""

from __future__ import annotations

import io
import re
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from PIL import Image as Pillow

from datasets.formats.records import FormatError, Problem
from datasets.models.origin import OriginKind, digest_of
from datasets.pictures import FILE_SUFFIX, SUFFIXES
from datasets.sources.addresses import parse_url
from datasets.sources.download import Limits, download
from datasets.sources.fetched import Fetched, Origin
from sw_site.lib.errors import UserError

MAX_LINES = 5000
PARALLEL = 4
RESERVE_BYTES = 512 * 2**20
NAME_LENGTH = 120
Step = Callable[[int, int, str], None]


@dataclass(frozen=True)
class ListLimits:
    """Of a whole list: bytes of all its files together, and seconds after which no new one is begun."""

    bytes: int = 20 * 2**30
    seconds: float = 6 * 3600
    one: Limits = Limits()


@dataclass(frozen=True)
class Line:
    """One address of a list, with the number of its line from 1."""

    number: int
    url: str

    def problem(self, error: FormatError) -> Problem:
        return Problem(f"line {self.number}: {self.url[:300]}", error.code, error.message)


def parse_list(text: str) -> list[Line]:
    """The lines of a list that are not empty and do not begin with #.

    Raises:
        UserError: no line, or more than MAX_LINES.
    """
    rows = enumerate(text.replace("\x00", "").splitlines(), start=1)
    lines = [Line(number, row.strip()) for number, row in rows if row.strip() and not row.strip().startswith("#")]
    if not lines:
        raise UserError("no_addresses", "There is no address in the list. Write one a line.")
    if len(lines) > MAX_LINES:
        message = f"The list has {len(lines):,} addresses; {MAX_LINES:,} is the most at once. Split it."
        raise UserError("too_many_addresses", message)
    return lines


def fetch_list(lines: list[Line], folder: Path, step: Step, limits: ListLimits | None = None) -> Fetched:
    """Fetch every address into `folder`. `step` is called in this thread, and may raise to stop.

    Raises:
        UserError: the disk is full.
    """
    return _Fetching(folder, limits or ListLimits()).run(lines, step)


class _Fetching:
    def __init__(self, folder: Path, limits: ListLimits) -> None:
        self.limits, self.result = limits, Fetched(folder)
        self._ends = time.monotonic() + limits.seconds
        self._bytes = 0
        self._refused: dict[int, Problem] = {}  # by number of the line

    def run(self, lines: list[Line], step: Step) -> Fetched:
        fresh = list(self._first_times(lines))
        step(0, len(lines), "Fetching…")
        coming, waiting = iter(fresh), dict[Future[bytes], Line]()
        done = len(lines) - len(fresh)
        pool = ThreadPoolExecutor(PARALLEL)
        try:
            while self._begin(pool, coming, waiting) or waiting:
                for future in wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED).done:
                    self._take(waiting.pop(future), future)
                    done += 1
                step(done, len(lines), f"{done:,} of {len(lines):,} addresses, {self._bytes / 1e6:,.0f} MB")
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # those under way end within their own limit of time
        self.result.problems.extend(problem for _, problem in sorted(self._refused.items()))
        return self.result

    def _refuse(self, line: Line, error: FormatError) -> None:
        self._refused[line.number] = line.problem(error)

    def _first_times(self, lines: list[Line]) -> Iterator[Line]:
        seen: dict[str, int] = {}
        for line in lines:
            first = seen.setdefault(line.url, line.number)
            if first == line.number:
                yield line
            else:
                message = f"It is the address of line {first} once more; it was fetched once."
                self._refuse(line, FormatError("url_repeated", message))

    def _begin(self, pool: ThreadPoolExecutor, coming: Iterator[Line], waiting: dict[Future[bytes], Line]) -> bool:
        """Keep PARALLEL downloads going; False when the list has come to its end."""
        while len(waiting) < PARALLEL:
            line = next(coming, None)
            if line is None:
                return False
            if over := self._over():
                self._refuse(line, over)
            else:
                waiting[pool.submit(download, line.url, self.limits.one)] = line
        return True

    def _over(self) -> FormatError | None:
        """Why no further address may be fetched, if so."""
        if shutil.disk_usage(self.result.folder).free < RESERVE_BYTES:
            raise UserError("disk_full", "The server's disk is full. Ask its operator to free some, and start again.")
        if self._bytes >= self.limits.bytes:
            size = f"{self.limits.bytes / 1e9:,.1f} GB"
            return FormatError("url_over_limit", f"{size} had come, which is the most at once. Import the rest again.")
        if time.monotonic() >= self._ends:
            message = f"The time for one list ({self.limits.seconds / 3600:.0f} hours) was over. Import the rest again."
            return FormatError("url_over_limit", message)
        return None

    def _take(self, line: Line, future: Future[bytes]) -> None:
        try:
            data = future.result()
            suffix = picture_suffix(data)
        except FormatError as error:
            self._refuse(line, error)
            return
        self._bytes += len(data)
        origin = Origin(OriginKind.URL, line.url, digest_of(line.url))
        self.result.add(file_name(line.url, suffix), data, origin)


def picture_suffix(data: bytes) -> str:
    """The suffix that an image's bytes ask for. Raises FormatError when they are no image that the site reads."""
    try:
        with Pillow.open(io.BytesIO(data)) as image:
            kind = "JPEG" if image.format == "MPO" else image.format or ""
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error ... on other bytes
        page = data[:500].lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml"))
        what = "a web page" if page else "no image that the site reads"
        message = f"What is there is {what}. Give the address of the picture itself."
        raise FormatError("url_not_an_image", message) from error
    if kind not in FILE_SUFFIX:
        raise FormatError("url_not_an_image", f"It is a {kind} file, which is not read. Use JPEG or PNG.")
    return FILE_SUFFIX[kind]


def file_name(url: str, suffix: str) -> PurePosixPath:
    """A name for what an address gives: its host and folders, then its last part, with a suffix of an image."""
    parts = parse_url(url)
    host, *folders = (_plain(part) for part in (str(parts.hostname), *parts.path.split("/")))
    name = folders.pop() if folders else ""
    stem, end = PurePosixPath(name or "image").stem, PurePosixPath(name).suffix.lower()
    name = f"{stem[: NAME_LENGTH - 10]}{end if end in SUFFIXES else suffix}"
    kept = [part for part in folders if part][:6]
    return PurePosixPath(host, *kept, name)


def _plain(part: str) -> str:
    """A part of an address as a file name that leads nowhere else."""
    return re.sub(r"[\x00-\x1f/\\:*?\"<>|]+", "_", unquote(part)).strip(". ")[:NAME_LENGTH]
