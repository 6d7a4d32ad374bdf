"""The short way through VOC files that are exactly as labelImg writes them, which nearly all are.

A parser and its tree of elements take four fifths of the time of reading such a file. Here the whole file must match,
letter by letter, a layout in which XML has nothing to add: no entities, CDATA, comments, namespaces, unknown tags or
doubled ones, numbers in digits only, UTF-8. Everything else is left to the parser; a test holds the two together.
"""

from __future__ import annotations

import re

from datasets.formats.records import AnnotationRecord, BoxRecord

MAX_BYTES = 1024 * 1024
#: Characters that XML allows and does not change. A carriage return would become a line feed.
TEXT = "([^<>&\x00-\x08\x0b-\x1f\ufffe\uffff]*)"
SPACE = r"[ \t\r\n]*"
WHOLE = r"([0-9]{1,6})"
DECIMAL = r"(-?[0-9]{1,9}(?:\.[0-9]{1,9})?)"
UNSPECIFIED = "Unspecified"


def _tag(name: str, inside: str) -> str:
    return f"<{name}>{inside}</{name}>{SPACE}"


def _holder(name: str, *inside: str) -> str:
    return f"<{name}>{SPACE}{''.join(inside)}</{name}>{SPACE}"


def _maybe(pattern: str) -> str:
    return f"(?:{pattern})?"


HEAD = re.compile(
    f'<annotation(?: verified="(yes|no)")?>{SPACE}'
    + _maybe(_tag("folder", TEXT))
    + _tag("filename", TEXT)
    + _maybe(_tag("path", TEXT))
    + _maybe(_holder("source", _tag("database", "Unknown")))
    + _holder("size", _tag("width", WHOLE), _tag("height", WHOLE), _maybe(_tag("depth", WHOLE)))
    + _maybe(_tag("segmented", "([01])"))
)
OBJECT = re.compile(
    _holder(
        "object",
        _tag("name", TEXT),
        _maybe(_tag("pose", TEXT)),
        _maybe(_tag("truncated", "([01])")),
        _maybe(_tag("difficult", "([01])")),
        _holder("bndbox", *(_tag(edge, DECIMAL) for edge in ("xmin", "ymin", "xmax", "ymax"))),
    )
)
END = re.compile(f"</annotation>{SPACE}")


def read_plain(data: bytes, shift: float = 0.0) -> AnnotationRecord | None:
    """What the file says, or None when it is not plain. `shift` is taken from xmin and ymin."""
    if len(data) > MAX_BYTES:
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    head = HEAD.match(text)
    if head is None:
        return None
    verified, folder, name, path, width, height, depth, segmented = head.groups()
    boxes, place = [], head.end()
    while found := OBJECT.match(text, place):
        label, pose, truncated, difficult, x1, y1, x2, y2 = found.groups()
        label, pose = label.strip(), "" if pose is None else pose.strip()[:40]
        if not label:
            return None
        edges = float(x1) - shift, float(y1) - shift, float(x2), float(y2)
        boxes.append(
            BoxRecord(label, *edges, difficult == "1", truncated == "1", False, "" if pose == UNSPECIFIED else pose)
        )
        place = found.end()
    if not END.fullmatch(text, place) or (boxes and not (int(width) and int(height))):
        return None
    return AnnotationRecord(
        name.strip().replace("\\", "/").rsplit("/", 1)[-1],
        int(width),
        int(height),
        tuple(boxes),
        verified == "yes",
        folder=(folder or "").strip(),
        depth=int(depth or 0),
        segmented=segmented == "1",
        tags=() if path is None else (("path", path.strip()),),
    )
