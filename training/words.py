"""Durations and sizes as people say them."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """About how long, in the one unit that fits: "40 s", "9 min", "2 h 10 min"."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def size(count: float) -> str:
    """Bytes in the unit that fits, decimal as disks are sold: "4.2 MB"."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:,.0f} {unit}" if unit == "bytes" or count >= 100 else f"{count:,.1f} {unit}"
        count /= 1000
    raise AssertionError("unreachable")


def percent(value: float | None) -> str:
    """A share from 0 to 1: "75.3 %"; "n/a" where nothing could be measured."""
    return "n/a" if value is None else f"{100 * value + 0.0:.1f} %"  # no minus before a zero
