"""events.jsonl: what the site reads while a run goes on."""

from __future__ import annotations

import errno
import json
import math
import os
import time
from pathlib import Path
from typing import Any


class EventLog:
    """Appends one JSON object a line, at once.

    A line cut short by a killed process or a full disk is closed first, so that it spoils nothing but itself.
    Raises `OSError` when the file cannot be written; nothing is kept back that would fail again later.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._cut = path.exists() and path.stat().st_size > 0 and last_byte(path) != b"\n"
        self._file = path.open("ab", buffering=0)

    def write(self, kind: str, **values: Any) -> None:
        """Writes one event; NaN and infinity become null because JSON has neither."""
        event = {"time": round(time.time(), 3), "type": kind, **plain(values)}
        line = json.dumps(event, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        line = b"\n" + line if self._cut else line
        self._cut = True
        if self._file.write(line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._file.name)
        self._cut = False

    def state(self, state: str, message: str) -> None:
        """Announces the phase the run has entered."""
        self.write("state", state=state, message=message)

    def close(self) -> None:
        self._file.close()


def last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read()


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
