"""Label maps (.pbtxt) of the Object Detection API: `item { id: 1 name: 'BB-8' }`."""

from __future__ import annotations

import re

from datasets.formats.records import FormatError

TOKEN = re.compile(
    r"""\#[^\n]* | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*') | (?P<word>[A-Za-z_]\w*) """
    r"""| (?P<number>-?[0-9]{1,9}) | (?P<mark>[{}:;,]) | \s+ | (?P<junk>.)""",
    re.VERBOSE,
)

#: Some 20,000 classes; the reader takes a second or two for them.
MOST_LETTERS = 1_000_000


def read_label_map(text: str) -> dict[int, str]:
    """Class names by id, in id order.

    Raises:
        FormatError: not a label map, an id below 1 (0 means background), or an id or name given twice.
    """
    if len(text) > MOST_LETTERS:
        said = f"This label map has {len(text):,} letters; {MOST_LETTERS:,} are the most."
        raise FormatError("label_map_syntax", said)
    classes: dict[int, str] = {}
    names: set[str] = set()
    for item in _items(_tokens(text)):
        number, name = item.get("id"), str(item.get("display_name") or item.get("name") or "").strip()
        if not isinstance(number, int) or not name:
            raise FormatError("label_map_incomplete", "Every item of a label map needs an id and a name.")
        if number < 1:
            raise FormatError("label_map_id", f"Class {name!r} has id {number}. Ids start at 1; 0 means background.")
        if number in classes or name in names:
            raise FormatError("label_map_twice", f"Id {number} or name {name!r} stands in the label map twice.")
        classes[number] = name
        names.add(name)
    if not classes:
        raise FormatError(
            "label_map_empty", "The label map has no items. Expected lines like: item { id: 1 name: 'cat' }"
        )
    return dict(sorted(classes.items()))


def write_label_map(classes: dict[int, str]) -> str:
    quoted = {number: name.replace("\\", "\\\\").replace("'", "\\'") for number, name in sorted(classes.items())}
    return "\n".join(f"item {{\n  id: {number}\n  name: '{name}'\n}}\n" for number, name in quoted.items())


def _tokens(text: str) -> list[tuple[str, str]]:
    found = []
    for match in TOKEN.finditer(text.lstrip("\ufeff")):
        kind = match.lastgroup
        if kind == "junk":
            raise FormatError("label_map_syntax", f"Unexpected {match.group()!r} in the label map.")
        if kind:
            found.append((kind, match.group()))
    return found


def _items(tokens: list[tuple[str, str]]) -> list[dict[str, str | int]]:
    """Groups of fields: `item {` opens one, `}` closes it; `:`, `;` and `,` only separate."""
    items: list[dict[str, str | int]] = []
    current: dict[str, str | int] | None = None
    key = ""
    for kind, text in tokens:
        if text == "{":
            if current is not None or key != "item":
                raise FormatError("label_map_syntax", "The items of a label map must not stand inside each other.")
            current, key = {}, ""
        elif text == "}":
            if current is None:
                raise FormatError("label_map_syntax", "The label map has a } without a {.")
            items.append(current)
            current = None
        elif kind == "word":
            key = text
        elif kind in ("string", "number") and current is not None:
            current[key] = int(text) if kind == "number" else re.sub(r"\\(.)", r"\1", text[1:-1])
    if current is not None:
        raise FormatError("label_map_syntax", "The last item of the label map is not closed with }.")
    return items
