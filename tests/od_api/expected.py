"""The list of failures that are known, and what differs from it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.od_api.inventory import MODES
from tests.od_api.outcome import Outcome


@dataclass(frozen=True)
class Known:
    """Tests of one file that fail for one reason; `may_pass` when that depends on the machine."""

    mode: str
    file: str
    tests: tuple[str, ...]
    reason: str
    may_pass: bool = False


@dataclass(frozen=True)
class Difference:
    """One test that does not do what the list says."""

    file: str
    test: str
    detail: str


def load(path: Path) -> list[Known]:
    """Reads expected.toml; `ValueError` names the entry that is incomplete or repeated."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("failure", [])
    known = [entry_of(item) for item in entries]
    seen: set[tuple[str, str]] = set()
    for entry in known:
        for test in entry.tests:
            if (entry.file, test) in seen:
                raise ValueError(f"{entry.file} lists {test} twice")
            seen.add((entry.file, test))
    return known


def entry_of(item: dict[str, object]) -> Known:
    mode, file, tests, reason = (item.get(key) for key in ("mode", "file", "tests", "reason"))
    complete = isinstance(file, str) and isinstance(tests, list) and tests and isinstance(reason, str) and reason
    if mode not in MODES or not complete:
        raise ValueError(f"{item} needs mode (tf2 or tf1), file, tests and reason")
    names = tuple(map(str, tests))  # type: ignore[call-overload]
    return Known(str(mode), str(file), names, str(reason), item.get("may_pass") is True)


def reasons(known: list[Known], outcome: Outcome) -> dict[str, str]:
    """Test to reason, for the known failures of one file."""
    mine = [entry for entry in known if (entry.mode, entry.file) == (outcome.mode, outcome.file)]
    return {test: entry.reason for entry in mine for test in entry.tests}


def unexpected(known: list[Known], outcomes: list[Outcome]) -> list[Difference]:
    """Failures the list does not have."""
    return [
        Difference(outcome.file, test, detail)
        for outcome in outcomes
        for test, detail in outcome.failures.items()
        if test not in reasons(known, outcome)
    ]


def outdated(known: list[Known], outcomes: list[Outcome]) -> list[Difference]:
    """Entries of the list whose test passed or was not found in its file."""
    certain = [entry for entry in known if not entry.may_pass]
    return [
        Difference(outcome.file, test, reason)
        for outcome in outcomes
        for test, reason in reasons(certain, outcome).items()
        if test not in outcome.failures
    ]
