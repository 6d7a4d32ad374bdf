"""Stopping a run without losing what it has learnt: on SIGTERM, SIGINT or the file `cancel`, or early by `finish`."""

from __future__ import annotations

import signal
import socket
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
        self._bell: socket.socket | None = None

    def listen(self) -> None:
        """Takes over SIGTERM and SIGINT of this process (main thread only)."""
        self._ring, self._bell = socket.socketpair()
        self._ring.setblocking(False)
        self._bell.setblocking(False)
        # Python looks at signals between its own instructions only; while TensorFlow is at work nobody else hears them.
        signal.set_wakeup_fd(self._ring.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def requested(self) -> bool:
        """From any thread, also while the main one is inside TensorFlow."""
        if self._heard():
            self._signalled = True
        return self._signalled or self._file.exists()

    def _heard(self) -> bool:
        try:
            return bool(self._bell and self._bell.recv(64))
        except BlockingIOError:
            return False

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
