"""Values of a parsed JSON file, taken only if they are of the kind that is meant."""

from __future__ import annotations

import math
from typing import Any

LARGEST = 2**31 - 1


def whole(item: Any, key: str) -> int:
    """A whole number that 32 bits hold; 3.0 counts, true does not. Raises `ValueError`, which names the key."""
    value = number(item, key)
    if value != int(value) or abs(value) > LARGEST:
        raise ValueError(f"{key} is {value:g}, not a whole number")
    return int(value)


def number(item: Any, key: str) -> float:
    """A finite number."""
    value = present(item, key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{key} is {brief(value)}, not a number")
    return float(value)


def text(item: Any, key: str) -> str:
    """A string that can be written as UTF-8."""
    value = present(item, key)
    if not isinstance(value, str):
        raise ValueError(f"{key} is {brief(value)}, not a text")
    return clean(value)


def clean(value: str) -> str:
    """The text with a question mark for each character that UTF-8 does not have."""
    return value.encode("utf-8", "replace").decode()


def flag(item: Any, key: str) -> bool:
    """True or false; absent and null mean false."""
    value = item.get(key)
    if value is not None and not isinstance(value, bool):
        raise ValueError(f"{key} is {brief(value)}, neither true nor false")
    return bool(value)


def rows(item: Any, key: str) -> list[Any]:
    """A list of JSON objects."""
    value = present(item, key)
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise ValueError(f"{key} is not a list of objects")
    return value


def present(item: Any, key: str) -> Any:
    if not isinstance(item, dict):
        raise ValueError(f"there is {brief(item)} where an object with {key} is meant")
    if key not in item:
        raise ValueError(f"{key} is missing")
    return item[key]


def brief(value: Any) -> str:
    """The value as it fits in a sentence."""
    written = repr(value)
    return written if len(written) <= 40 else written[:37] + "..."
