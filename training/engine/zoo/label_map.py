"""Names of classes from a label map, with the two mistakes that label maps are known for.

A parser of its own for a handful of fields: it says in which line something is wrong, in both ways of TensorFlow.
"""

from __future__ import annotations

import re
from pathlib import Path

from training.engine.errors import EngineError

TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<mark>[{}:,;])|(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?P<word>[\w.+-]+)"""
)
WHOLE = re.compile("-?[0-9]{1,9}")
MOST_ID, MOST_BYTES = 100_000, 1_000_000
FIELDS = ("id", "name", "display_name")


def read_names(path: Path, gaps: bool = False) -> list[str]:
    """Class names in the order of their ids, which must be 1, 2, 3 …

    With `gaps` (as in COCO's 90 ids for 80 classes) a missing id gets an empty name. Raises `EngineError`.
    """
    if path.stat().st_size > MOST_BYTES:
        raise bad(f"{path.name} has more than {MOST_BYTES:,} bytes, which no label map has; choose another one.")
    names = items(path.read_text(encoding="utf-8-sig", errors="replace"), path.name)
    if not names:
        raise bad(f"{path.name} names no class; choose another label map.")
    if min(names) < 1:
        raise bad(f"{path.name} gives the id {min(names)}, but ids begin at 1: 0 is the background. Count from 1.")
    if max(names) > MOST_ID:
        raise bad(f"{path.name} gives the id {max(names)}, which cannot be meant; number the classes 1, 2, 3 ….")
    missing = sorted(set(range(1, max(names) + 1)) - set(names))
    if missing and not gaps:
        raise bad(f"{path.name} has no class with the id {missing[0]}; number the classes 1, 2, 3 … without gaps.")
    return [names.get(number, "") for number in range(1, max(names) + 1)]


def items(text: str, file: str) -> dict[int, str]:
    """Names by id. A display name goes before the name, which is a code in some published maps."""
    names: dict[int, str] = {}
    for block in blocks(text, file):
        if not WHOLE.fullmatch(block.get("id", "")):
            raise bad(f"{file} has an item without a whole number as its id; give each item an id.")
        number = int(block["id"])
        name = block.get("display_name") or block.get("name")
        if not name:
            raise bad(f"{file} has no name for the id {number}; give it one.")
        if number in names:
            raise bad(f"{file} gives the id {number} to both {names[number]!r} and {name!r}; give each its own.")
        names[number] = name
    return names


def blocks(text: str, file: str) -> list[dict[str, str]]:
    """The fields of every `item { … }`."""
    found: list[dict[str, str]] = []
    inside: dict[str, str] = {}
    depth, waiting = 0, ""
    for line, word in tokens(text, file):
        if word == "{":
            depth += 1
            inside = {} if depth == 1 else inside
        elif word == "}":
            depth -= 1
            if depth < 0:
                raise bad(f"Line {line} of {file} closes a bracket that was never opened; correct it.")
            if depth == 0:
                found.append(inside)
        elif word not in (":", ",", ";"):
            if depth == 1 and waiting in FIELDS:
                inside[waiting], word = unquoted(word), ""
            waiting = word
    if depth:
        raise bad(f"{file} ends inside a bracket; it is cut off. Get it again.")
    return found


def tokens(text: str, file: str) -> list[tuple[int, str]]:
    found, place, line = [], 0, 1
    while place < len(text):
        match = TOKEN.match(text, place)
        if not match:
            raise bad(f"Line {line} of {file} is not that of a label map; choose another file.")
        if match.lastgroup:
            found.append((line, match[0]))
        line += text.count("\n", place, match.end())
        place = match.end()
    return found


def unquoted(token: str) -> str:
    if token[0] not in "\"'":
        return token
    raw = re.sub(rb"\\([0-7]{1,3})", lambda match: bytes([int(match[1], 8) & 255]), token[1:-1].encode())
    return re.sub(r"\\(.)", r"\1", raw.decode("utf-8", "replace"))


def bad(sentence: str) -> EngineError:
    return EngineError("bad_label_map", sentence)
