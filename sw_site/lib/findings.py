"""What a look at the site's own state (`manage.py verify`) finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be.

    `message` says what it means and what to do; `subject` what it is about. `mend` puts it right where that cannot
    lose anything and gives False when it could not. `untidy`: something lies about, but nothing is missing or wrong.
    """

    code: str
    subject: str
    message: str
    mend: Callable[[], bool] | None = None
    untidy: bool = False


@dataclass
class Scope:
    """How closely to look, and how much was looked at. `tick` is called often and may raise to stop."""

    deep: bool = False
    tick: Callable[[], None] = lambda: None
    looked_at: Counter[str] = field(default_factory=Counter)

    def count(self, what: str, number: int = 1) -> None:
        self.looked_at[what] += number
        self.tick()


@dataclass
class Tally:
    """Findings as they come, mended if wished; of each code the first `keep` are kept word for word."""

    mend: bool = False
    keep: int = 100
    counts: Counter[str] = field(default_factory=Counter)
    mended: Counter[str] = field(default_factory=Counter)
    untidy: Counter[str] = field(default_factory=Counter)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        done = bool(self.mend and finding.mend and finding.mend())
        self.counts[finding.code] += 1
        self.mended[finding.code] += done
        self.untidy[finding.code] += finding.untidy and not done
        if self.counts[finding.code] <= self.keep:
            row = {"code": finding.code, "subject": finding.subject, "message": finding.message}
            self.rows.append({**row, "untidy": finding.untidy, "can_mend": finding.mend is not None, "mended": done})

    @property
    def left(self) -> int:
        """Problems that are still there, untidiness not counted."""
        return self.counts.total() - self.mended.total() - self.untidy.total()

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": self.left == 0,
            "found": self.counts.total(),
            "mended": self.mended.total(),
            "untidy": self.untidy.total(),
            "left": self.left,
            "counts": dict(sorted(self.counts.items())),
            "problems": self.rows,
        }
