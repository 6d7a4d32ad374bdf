"""The totals and what is red, as text."""

from __future__ import annotations

from tests.od_api.expected import Difference, Known, reasons
from tests.od_api.outcome import Outcome

GROUPS = {
    "TF2 (plain and _tf2_test)": lambda item: item.mode == "tf2",
    "TF1 (_tf1_test)": lambda item: item.mode == "tf1" and item.file.endswith("_tf1_test.py"),
    "TF1, slim nets and deployment": lambda item: item.mode == "tf1" and not item.file.endswith("_tf1_test.py"),
    "all": lambda item: True,
}
ROW = "{:32}{:>7}{:>9}{:>7}{:>8}{:>8}{:>9}{:>9}"
LAST_LINES = 12


def totals(outcomes: list[Outcome]) -> str:
    """One row a group: files, files without a failure, tests run, passed, failed (of these whole files), skipped."""
    lines = [ROW.format("group", "files", "no fail", "run", "passed", "failed", "(files)", "skipped")]
    for name, inside in GROUPS.items():
        group = [outcome for outcome in outcomes if inside(outcome)]
        if group:
            lines.append(ROW.format(name, *counts(group)))
    return "\n".join(lines)


def counts(group: list[Outcome]) -> list[int]:
    return [
        len(group),
        sum(not outcome.failures for outcome in group),
        sum(outcome.run for outcome in group),
        sum(outcome.passed for outcome in group),
        sum(outcome.failed for outcome in group),
        sum(outcome.run == 0 and outcome.failed > 0 for outcome in group),
        sum(outcome.skipped for outcome in group),
    ]


def known_failures(known: list[Known], outcomes: list[Outcome]) -> str:
    """How many tests fail for each reason of the list."""
    numbers: dict[str, int] = {}
    for outcome in outcomes:
        why = reasons(known, outcome)
        for test in outcome.failures:
            if test in why:
                numbers[why[test]] = numbers.get(why[test], 0) + 1
    return "\n".join(f"{number:5}  {reason}" for reason, number in sorted(numbers.items(), key=lambda item: -item[1]))


def red(unexpected: list[Difference], outdated: list[Difference]) -> str:
    """Every difference from the list, the failures with the end of their traceback."""
    lines = []
    for item in unexpected:
        tail = "\n".join("      " + line for line in item.detail.strip().splitlines()[-LAST_LINES:])
        lines.append(f"NOT EXPECTED  {item.file}  {item.test}\n{tail}")
    for item in outdated:
        lines.append(f"NO LONGER FAILS  {item.file}  {item.test}: remove it from expected.toml ({item.detail})")
    return "\n".join(lines)


def line(outcome: Outcome) -> str:
    """One file in one line."""
    return (
        f"{outcome.mode}  {outcome.file:88}{outcome.run:5} run{outcome.passed:5} passed{outcome.failed:4} failed"
        f"{outcome.skipped:4} skipped{outcome.seconds:8.1f} s"
    )
