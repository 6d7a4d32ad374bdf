"""A short day on the smallest site and one on the largest; the long run is `make faults`."""

from __future__ import annotations

import pytest

from tests.faults.__main__ import days, table


@pytest.mark.parametrize(("variant", "seed"), [("sqlite", 1), ("all", 7)])
def test_what_was_acknowledged_stays_whatever_happens(variant, seed):
    (report,) = days([seed], [variant], faults=3)
    assert report["losses"] == {}
    assert len(report["faults"]) + len(report["skipped"]) == 3 and report["faults"]
    assert report["edits"] > 10 and report["photos"] > 0 and report["runs"] > 0


def test_losses_are_told_beside_the_fault_they_followed():
    reports = [
        {"faults": ["disk full", "restart web"], "losses": {"disk full": ["box 1 is gone", "box 2 is gone"]}},
        {"faults": ["disk full"], "losses": {"evening": ["stuck"]}},
    ]
    assert table(reports).splitlines()[2:] == [
        "| disk full | 2 | 2 |",
        "| evening | 0 | 1 |",
        "| restart web | 1 | 0 |",
    ]
