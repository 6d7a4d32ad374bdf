"""Stopping a run without losing what it has learnt: on SIGTERM, SIGINT or the file `cancel`, or early by `finish`."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from training.engine.errors import Cancelled


class Cancellation:
    """Knows whether the run was asked to stop.

    Outside `deferred()` a signal raises `Cancelled` where the program stands: before the first step there is nothing
    to save, and building a model takes longer than anybody waits. Inside it a signal is only remembered, and the
    training loop looks between two steps.
    """

    def __init__(self, file: Path, finish: Path | None = None) -> None:
        self._file, self._finish = file, finish
        self._signalled = False
        self._deferred = False

    def listen(self) -> None:
        """Takes over SIGTERM and SIGINT of this process (main thread only)."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def requested(self) -> bool:
        return self._signalled or self._file.exists()

    def finish_requested(self) -> bool:
        """Whether the run was asked to train no further and to end well with what it has."""
        return self._finish is not None and self._finish.exists()

    def check(self) -> None:
        """Raises `Cancelled` if the run was asked to stop."""
        if self.requested():
            raise Cancelled

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """While it lasts, signals wait for `check` or `requested`."""
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signalled = True
        if not self._deferred:
            raise Cancelled
