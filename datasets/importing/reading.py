"""Images read, hashed, checked and stored ahead of the database; Django-free, so that another process can do it."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

from datasets.formats.records import FormatError
from datasets.importing.source import Entry, Source
from datasets.pictures import Picture, inspect_picture, suffix_note
from datasets.storage import store, store_below
from sw_site.lib.files.where import local_root

THREADS = 3
#: From here on it pays to start processes, which takes them a second.
PROCESSES_FROM = 1000
AHEAD = 25  # chunks read before the database asks for them; a picture that was read is a few hundred bytes


@dataclass(frozen=True)
class Reader:
    """How to read an image: from where, and into which folder ("" asks the storage; None only looks)."""

    source: Source
    root: str | None

    def read(self, entry: Entry) -> Picture | FormatError:
        try:
            data = self.source.read(entry)
            picture = inspect_picture(data)
        except FormatError as error:
            return error
        note = suffix_note(entry.path.name, picture)
        if note:
            picture = replace(picture, notes=(*picture.notes, note))
        self._keep(picture.original_name, data)
        if picture.upright is None:
            return picture
        self._keep(picture.upright_name, picture.upright)
        return replace(picture, upright=b"")  # stored: not to be held in memory by the chunk

    def _keep(self, name: str, data: bytes) -> None:
        if self.root:
            store_below(self.root, name, data)
        elif self.root is not None:
            store(name, data)


_reader: Reader | None = None  # of a worker process


def _start(reader: Reader) -> None:
    global _reader
    _reader = reader


def _read_there(entries: Sequence[Entry]) -> list[Picture | FormatError]:
    assert _reader is not None  # noqa: S101 - set by _start before any work
    return [_reader.read(entry) for entry in entries]


Outcomes = list[Picture | FormatError]


@contextmanager
def reading_ahead(source: Source, chunks: list[list[Entry]], keep: bool = True) -> Iterator[Iterator[Outcomes]]:
    """Gives the outcome of each chunk in turn. Reading begins at once, some chunks ahead of what is asked for.

    `keep`: store pictures, too.
    """
    root = local_root() if keep else None
    many = sum(map(len, chunks)) >= PROCESSES_FROM and (root is not None or not keep)
    reader = Reader(source, (root or "") if keep else None)
    with _pool(reader, many) as pool:
        waiting: deque[_Chunk] = deque()
        coming = iter(chunks)

        def fill() -> None:
            while len(waiting) < AHEAD and (chunk := next(coming, None)) is not None:
                job = pool.submit(_read_there, chunk) if many else pool.submit(_read_here, reader, chunk)
                waiting.append(_Chunk(chunk, job))

        def outcomes() -> Iterator[Outcomes]:
            for _ in chunks:
                fill()
                while many and not waiting[0].job.done() and _lend_a_hand(reader, waiting):
                    fill()
                yield waiting.popleft().job.result()

        fill()
        yield outcomes()


@dataclass
class _Chunk:
    entries: list[Entry]
    job: Future[Outcomes]


def _lend_a_hand(reader: Reader, waiting: deque[_Chunk]) -> bool:
    """Instead of waiting for the other process, read here the last chunk that it has not begun. False: it has all."""
    for chunk in reversed(waiting):
        if chunk.job.cancel():
            chunk.job = Future()
            chunk.job.set_result(_read_here(reader, chunk.entries))
            return True
    return False


def read_chunks(source: Source, chunks: list[list[Entry]], keep: bool = True) -> Iterator[Outcomes]:
    """The outcome of each chunk in turn, read ahead."""
    with reading_ahead(source, chunks, keep) as outcomes:
        yield from outcomes


def _read_here(reader: Reader, entries: Sequence[Entry]) -> list[Picture | FormatError]:
    return [reader.read(entry) for entry in entries]


@contextmanager
def _pool(reader: Reader, many: bool) -> Iterator[Executor]:
    pool: Executor
    if many:
        # Spawned, not forked: a web or worker process has threads and open connections.
        workers = max(1, min(4, (os.cpu_count() or 2) - 1))
        spawn = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, spawn, initializer=_start, initargs=(reader,))
    else:
        pool = ThreadPoolExecutor(THREADS)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
