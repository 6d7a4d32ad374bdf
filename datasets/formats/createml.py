"""Apple's CreateML: one JSON list of images, boxes by their centre and size in pixels."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from datasets.formats.records import (
    AnnotationRecord,
    BoxRecord,
    Context,
    FormatError,
    Tags,
    kept_text,
    stated_size,
    whole_or_exact,
)
from datasets.formats.yolo import decode

BOX_KEYS = {"label", "coordinates", "confidence", "difficult", "truncated", "occluded", "pose", "crowd"}
IMAGE_KEYS = {"image", "imagefilename", "annotations", "annotation", "verified", "folder", "depth", "width", "height"}

#: Escapes of NUL and of surrogates, which no database keeps unless two of them make one letter.
ESCAPED = re.compile(r"\\u(0000|[dD][89a-fA-F])")


def parse(data: bytes, path: str, context: Context) -> Iterator[tuple[AnnotationRecord, bytes]]:
    """One record for each image of the file.

    Raises:
        FormatError: not JSON, or not a list of images.
    """
    document = load_json(data)
    if not isinstance(document, list):
        raise FormatError("json_not_understood", "This JSON is not a CreateML list of images.")
    for row in document:
        if isinstance(row, dict):
            yield _read_image(row), dump_json([row])


def load_json(data: bytes) -> Any:
    """Raises FormatError when the bytes are not JSON."""
    text = decode(data)
    try:
        found = json.loads(text)
        return kept(found) if ESCAPED.search(text) else found
    except (ValueError, RecursionError) as error:
        raise FormatError("json_does_not_parse", f"This is not well-formed JSON ({error}).") from error


def kept(value: Any) -> Any:
    """A tree of JSON values with texts that databases keep."""
    if isinstance(value, str):
        return kept_text(value)
    if isinstance(value, list):
        return [kept(one) for one in value]
    if isinstance(value, dict):
        return {kept_text(key): kept(one) for key, one in value.items()}
    return value


def dump_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _read_image(row: dict[str, Any]) -> AnnotationRecord:
    boxes: list[BoxRecord] = []
    problems: list[FormatError] = []
    found = row.get("annotations", row.get("annotation"))
    for position, box in enumerate(found if isinstance(found, list) else [], start=1):
        try:
            boxes.append(_read_box(box, position))
        except FormatError as error:
            problems.append(error)
    return AnnotationRecord(
        str(row.get("image") or row.get("imagefilename") or "").replace("\\", "/"),
        stated_size(row.get("width")),
        stated_size(row.get("height")),
        tuple(boxes),
        row.get("verified") is True,
        tuple(problems),
        str(row.get("folder") or ""),
        stated_size(row.get("depth")),
        tags=json_tags(row, IMAGE_KEYS),
    )


def _read_box(box: Any, position: int) -> BoxRecord:
    box = box if isinstance(box, dict) else {}
    name = str(box.get("label") or "").strip()
    if not name:
        raise FormatError("box_without_class", f"Box {position} has no class name. Give it one and import again.")
    place = box.get("coordinates")
    x, y, w, h = numbers(
        [(place if isinstance(place, dict) else {}).get(k) for k in ("x", "y", "width", "height")], position
    )
    score = box.get("confidence")
    return BoxRecord(
        name,
        x - w / 2,
        y - h / 2,
        x + w / 2,
        y + h / 2,
        bool(box.get("difficult")),
        bool(box.get("truncated")),
        bool(box.get("occluded")),
        str(box.get("pose") or "")[:40],
        share(score),
        bool(box.get("crowd")),
        json_tags(box, BOX_KEYS),
    )


def numbers(values: list[Any], position: int) -> list[float]:
    """Four finite numbers, or FormatError."""
    try:
        found = [float(value) for value in values]
    except (TypeError, ValueError, OverflowError):
        found = []
    if len(found) != 4 or not all(map(math.isfinite, found)):
        raise FormatError("box_without_coordinates", f"Box {position} has no usable coordinates ({values}).")
    return found


def share(value: Any) -> float | None:
    """A score between 0 and 1; None for anything else."""
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else None


def json_tags(row: dict[str, Any], known: set[str]) -> Tags:
    """Unknown keys and their texts; what is no text is kept as JSON."""
    rows = ((key, value) for key, value in row.items() if key not in known)
    return tuple((k, v) if isinstance(v, str) else (f"json:{k}", dump_json(v).decode()) for k, v in rows)


def tags_json(tags: Tags) -> dict[str, Any]:
    """The other way round."""
    return {
        key[5:] if key.startswith("json:") else key: json.loads(v) if key.startswith("json:") else v for key, v in tags
    }


def image_row(record: AnnotationRecord) -> dict[str, Any]:
    """One image as labelImg's CreateML writer would write it, and what else the record says."""
    row: dict[str, Any] = {"image": record.file_name, "verified": record.verified}
    sizes = {"width": record.width, "height": record.height, "depth": record.depth, "folder": record.folder}
    row |= {key: value for key, value in sizes.items() if value}
    return {**tags_json(record.tags), **row, "annotations": [_box_row(box) for box in record.boxes]}


def _box_row(box: BoxRecord) -> dict[str, Any]:
    w, h = box.x2 - box.x1, box.y2 - box.y1
    place = {"x": box.x1 + w / 2, "y": box.y1 + h / 2, "width": w, "height": h}
    row: dict[str, Any] = {"label": box.name, "coordinates": {key: plain(value) for key, value in place.items()}}
    flags = {"difficult": box.difficult, "truncated": box.truncated, "occluded": box.occluded, "crowd": box.crowd}
    row |= {key: True for key, value in flags.items() if value}
    row |= {"pose": box.pose} if box.pose else {}
    row |= {"confidence": box.score} if box.score is not None else {}
    return {**tags_json(box.tags), **row}


def plain(value: float) -> float:
    """12 rather than 12.0 in JSON."""
    return int(value) if float(value).is_integer() else float(whole_or_exact(value))


def write_createml(records: Iterable[AnnotationRecord]) -> Iterator[bytes]:
    yield b"["
    for number, record in enumerate(records):
        yield (b",\n" if number else b"\n") + dump_json(image_row(record))
    yield b"\n]\n"
