"""Tables that people open in a spreadsheet."""

from __future__ import annotations

from typing import Any

#: What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(value: Any) -> Any:
    """Names are anybody's text: one that a spreadsheet would take for a formula is made text. Numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
