"""What a check found out, as a sentence."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

OK, WARNING, FAILED = "ok", "warning", "failed"


@dataclass(frozen=True)
class Finding:
    """One finding: `check` is a short stable word for programs, `state` one of ok, warning and failed."""

    check: str
    state: str
    sentence: str

    def line(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


def parsed(line: str) -> Finding | None:
    """The finding on a line of output; None for anything else a library prints."""
    try:
        value: Any = json.loads(line)
        return Finding(**value)
    except (ValueError, TypeError):
        return None
