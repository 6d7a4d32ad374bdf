"""Damage to bytes and to lines of text, whatever they mean."""

from __future__ import annotations

import re
from random import Random

from tests.fuzz import nasty

MOST_BYTES = 4_000_000
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
WORD = re.compile(r"[A-Za-z_][\w.-]*")


def damaged(data: bytes, random: Random, others: list[bytes]) -> bytes:
    """One to eight places flipped, cut, doubled, overwritten, or taken from another input."""
    for _ in range(random.randint(1, 8)):
        data = random.choice(DAMAGES)(data, random, others)
    return data[:MOST_BYTES]


def _span(data: bytes, random: Random, most: int = 64) -> tuple[int, int]:
    start = random.randrange(len(data) + 1)
    return start, min(len(data), start + random.randint(1, most))


def _flip(data: bytes, random: Random, others: list[bytes]) -> bytes:
    if not data:
        return b"\x00"
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]


def _cut_end(data: bytes, random: Random, others: list[bytes]) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _cut_out(data: bytes, random: Random, others: list[bytes]) -> bytes:
    start, stop = _span(data, random)
    return data[:start] + data[stop:]


def _double(data: bytes, random: Random, others: list[bytes]) -> bytes:
    start, stop = _span(data, random, 4096)
    return data[:stop] + data[start:stop] * random.choice((1, 2, 50)) + data[stop:]


def _insert(data: bytes, random: Random, others: list[bytes]) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice((random.randbytes(16), b"\0" * 64, b"\xff" * 16)) + data[at:]


def _overwrite(data: bytes, random: Random, others: list[bytes]) -> bytes:
    """An integer of 1, 2, 4 or 8 bytes that lengths and sizes do not like, in either order of bytes."""
    width = random.choice((1, 2, 4, 8))
    value = random.choice(nasty.INTEGERS) & (1 << 8 * width) - 1
    at = random.randrange(len(data) + 1)
    return data[:at] + value.to_bytes(width, random.choice(("little", "big"))) + data[at + width :]


def _splice(data: bytes, random: Random, others: list[bytes]) -> bytes:
    other = random.choice(others)
    return data[: random.randrange(len(data) + 1)] + other[random.randrange(len(other) + 1) :]


DAMAGES = (_flip, _flip, _cut_end, _cut_out, _double, _insert, _overwrite, _overwrite, _splice)


def changed_text(data: bytes, random: Random, others: list[bytes]) -> bytes:
    """Numbers, words and lines replaced, dropped, doubled and moved; at times another encoding, at times raw damage."""
    if random.random() < 0.15:
        return damaged(data, random, others)
    text = data.decode("utf-8", "surrogateescape")
    for _ in range(random.randint(1, 6)):
        text = random.choice((_number, _number, _word, _line, _line, _nest))(text, random)[:MOST_BYTES]
    return _encoded(text, random)


def _encoded(text: str, random: Random) -> bytes:
    how = random.random()
    if how < 0.9:
        return text.encode("utf-8", "surrogatepass")
    encoding = random.choice(("utf-16", "utf-8-sig", "latin-1", "utf-32", "cp037"))
    return text.encode(encoding, "replace")


def _replaced(text: str, pattern: re.Pattern[str], random: Random, new: str) -> str:
    found = list(pattern.finditer(text[:200_000]))
    if not found:
        return text + new
    one = random.choice(found)
    return text[: one.start()] + new + text[one.end() :]


def _number(text: str, random: Random) -> str:
    return _replaced(text, NUMBER, random, nasty.number(random))


def _word(text: str, random: Random) -> str:
    return _replaced(text, WORD, random, nasty.text(random))


def _line(text: str, random: Random) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at = random.randrange(len(lines))
    kind = random.randrange(4)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines[at:at] = [lines[at][:MOST_BYTES]] * random.choice(
            (1, 2, min(500, 1 + MOST_BYTES // len(lines[at] or "x")))
        )
    elif kind == 2:
        random.shuffle(lines)
    else:
        lines[at] = lines[at].rstrip("\r\n") + random.choice((" ", "\t", ",", ";", "\r", "\u2028", "#")) + "\n"
    return "".join(lines)


def _nest(text: str, random: Random) -> str:
    opening, closing = random.choice(("{}", "[]", "<>", "()", "''", '""'))
    at, count = random.randrange(len(text) + 1), random.choice((1, 3, 20_000))
    return text[:at] + opening * count + text[at:] + closing * random.choice((0, count))
