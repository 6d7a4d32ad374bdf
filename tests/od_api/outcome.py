"""What one test file came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

#: Stands for the whole file where its tests could not be told apart.
WHOLE_FILE = ("import", "timeout", "crash")


@dataclass(frozen=True)
class Outcome:
    """Counts of one test file. `failures` maps a test (`Class.method`, or one of `WHOLE_FILE`) to its traceback."""

    mode: str
    file: str
    run: int = 0
    skipped: int = 0
    seconds: float = 0.0
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        return len(self.failures)

    @property
    def passed(self) -> int:
        inside = [name for name in self.failures if name not in WHOLE_FILE]
        return self.run - self.skipped - len(inside)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Outcome:
        return cls(**value)
