"""Values that programs trip over."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

NUMBERS = (
    "0", "-0", "-1", "1", "0.5", "1e308", "1e309", "-1e309", "1e-320", "NaN", "nan", "inf", "-Infinity", "0x10",
    "1_000",
    "2147483647", "2147483648", "-2147483649", "4294967296", "9223372036854775807", "9223372036854775808",
    "18446744073709551616", "1" * 400, "9" * 5000, "1,5", "١٢", "+3", " 7 ", "1e", "1.", ".5", "--2", "1/2", "½", "²",
    "",
)  # fmt: skip
TEXTS = (
    "", " ", "\0", "a\0b", "\ud800", "\ufeff", "\u202egpj.exe", "é", "e\u0301", "名前", "😀" * 40, "x" * 300,
    "y" * 70_000,
    "../../../etc/passwd", "/etc/passwd", "C:\\Windows\\x", "\\\\host\\share", "CON", "a/b/c", "..", ".", "~", "%00",
    "<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "=1+1", "@SUM(A1)", "-cmd|' /C calc'!A0",
    "{{ 7*7 }}",
    "{% debug %}", "${7*7}", "'; DROP TABLE datasets_box; --", "a\r\nSet-Cookie: x=y", "\x1b[31m", "\x7f", "null",
    "None",
    "__proto__", "constructor", "true", "file:///etc/passwd", "http://127.0.0.1:1/", "*" * 200, "%s%s%n", "\n", "\t",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 0.0, -0.0, 1e308, float("nan"),
    float("inf"),
    [], {}, [[]], [None], {"": None}, {"id": {"id": {}}},
)  # fmt: skip
INTEGERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def number(random: Random) -> str:
    return random.choice(NUMBERS)


def text(random: Random) -> str:
    return random.choice(TEXTS)


def value(random: Random) -> Any:
    """Something JSON can hold, or nearly."""
    kind = random.random()
    if kind < 0.5:
        return copy.deepcopy(random.choice(VALUES))
    return text(random) if kind < 0.8 else number(random)
