"""events.jsonl: what the site reads while a run goes on."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any


class EventLog:
    """Appends one JSON object a line and flushes each at once.

    A line cut short by a killed process is closed first, so that it spoils nothing but itself.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")
        if self._file.tell() and not path.read_bytes().endswith(b"\n"):
            self._file.write(b"\n")

    def write(self, kind: str, **values: Any) -> None:
        """Writes one event; NaN and infinity become null because JSON has neither."""
        event = {"time": round(time.time(), 3), "type": kind, **plain(values)}
        self._file.write(json.dumps(event, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        self._file.flush()

    def state(self, state: str, message: str) -> None:
        """Announces the phase the run has entered."""
        self.write("state", state=state, message=message)

    def close(self) -> None:
        self._file.close()


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
