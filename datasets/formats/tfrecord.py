"""TFRecord files of the Object Detection API: framing, checksums and tf.train.Example, without TensorFlow.

Sources: tensorflow/core/lib/io/record_writer.cc (framing and masked CRC-32C) and the keys of
object_detection/core/standard_fields.py (TfExampleFields). Boxes are shares of the image in 32-bit floats.
"""

from __future__ import annotations

import hashlib
import math
import re
import struct
from collections.abc import Iterator, Mapping
from typing import IO, Any

import google_crc32c

from datasets.formats.example_proto import Example, put, values
from datasets.formats.records import AnnotationRecord, BoxRecord, FormatError, kept_text, stated_size

MAX_RECORD = 512 * 1024 * 1024
SHARD = re.compile(r"(?P<base>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})\Z")
BOX = "image/object/bbox/"
OBJECT = "image/object/"
ENCODED_KEY = b"\x0a\x0dimage/encoded"


def masked_crc(*pieces: bytes) -> int:
    crc = 0
    for piece in pieces:
        crc = google_crc32c.extend(crc, piece)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def frame(*pieces: bytes) -> bytes:
    """A record, given in pieces, as it stands in the file."""
    return b"".join(frame_pieces(*pieces))


def frame_pieces(*pieces: bytes) -> tuple[bytes, ...]:
    length = struct.pack("<Q", sum(map(len, pieces)))
    return length + struct.pack("<I", masked_crc(length)), *pieces, struct.pack("<I", masked_crc(*pieces))


def is_tfrecord(head: bytes) -> bool:
    """Do these first 12 bytes open a record? The checksum of the length leaves no doubt."""
    return len(head) >= 12 and struct.unpack("<I", head[8:12])[0] == masked_crc(head[:8])


def read_frames(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """(offset, bytes) of each record.

    Raises:
        FormatError: cut short, or a checksum that does not fit; the records before it have been given.
    """
    offset = file.tell()
    while head := file.read(12):
        if not is_tfrecord(head) or (length := struct.unpack("<Q", head[:8])[0]) > MAX_RECORD:
            raise FormatError("record_damaged", f"The file is damaged at byte {offset:,}; what follows was not read.")
        data, tail = file.read(length), file.read(4)
        if len(data) < length or len(tail) < 4 or struct.unpack("<I", tail)[0] != masked_crc(data):
            raise FormatError("record_damaged", f"The record at byte {offset:,} is damaged; what follows was not read.")
        yield offset, data
        offset = file.tell()


def read_image(file: IO[bytes], offset: int) -> bytes:
    """The encoded picture of the record at an offset."""
    file.seek(offset)
    _, data = next(read_frames(file))
    return encoded_picture(Example.FromString(data))


def encoded_picture(example: Any) -> bytes:
    """The picture of a record as it is stored; empty when it holds none."""
    found = (values(example, "image/encoded") or [b""])[0]
    return bytes(found) if isinstance(found, bytes) else b""


def read_example(data: bytes, names: Mapping[int, str]) -> tuple[AnnotationRecord, bytes]:
    """What a record says, and its bytes without the picture; `names` by class number stand in for absent texts.

    Raises:
        FormatError: not a tf.train.Example, or its lists are not of one length.
    """
    try:
        example = Example.FromString(data)
    except Exception as error:  # protobuf's DecodeError has no public home that stays
        raise FormatError("record_not_example", "A record is not a tf.train.Example and was left out.") from error
    problems: list[FormatError] = []
    width, height = (_number(example, f"image/{key}") for key in ("width", "height"))
    boxes = _boxes(example, names, width, height, problems)
    record = AnnotationRecord(
        _text(example, "image/filename").replace("\\", "/"),
        width,
        height,
        boxes,
        bool(_number(example, "image/verified")),
        tuple(problems),
        _text(example, "image/folder"),
        _number(example, "image/channels"),
        bool(_number(example, "image/segmented")),
        source_id=_text(example, "image/source_id"),
        relative=not (width and height),
    )
    example.features.feature.pop("image/encoded", None)
    return record, example.SerializeToString(deterministic=True)


def _boxes(
    example: Any, names: Mapping[int, str], width: int, height: int, problems: list[FormatError]
) -> tuple[BoxRecord, ...]:
    edges = [_list(example, BOX + key, int | float) for key in ("xmin", "ymin", "xmax", "ymax")]
    count = len(edges[0])
    texts, labels = _list(example, OBJECT + "class/text", bytes), _list(example, OBJECT + "class/label", int)
    if any(len(edge) != count for edge in edges) or max(len(texts), len(labels)) < count:
        raise FormatError(
            "record_lists_differ", "A record has lists of boxes that are not of one length; it was left out."
        )
    extras = {
        key: _list(example, OBJECT + key, bytes if key == "view" else int | float)
        for key in ("difficult", "truncated", "occluded", "view", "score", "is_crowd", "group_of")
    }
    boxes = []
    for n in range(count):
        text = texts[n].decode(errors="replace") if n < len(texts) else ""
        name = kept_text(text) or _named(labels[n], names, problems)
        x1, y1, x2, y2 = (edge[n] for edge in edges)
        if not all(map(math.isfinite, (x1, y1, x2, y2))):
            problems.append(FormatError("box_without_coordinates", f"Box {n + 1} ({name}) has no usable coordinates."))
            continue
        said = {key: found[n] for key, found in extras.items() if n < len(found)}
        boxes.append(
            BoxRecord(
                name,
                _pixels(x1, width),
                _pixels(y1, height),
                _pixels(x2, width),
                _pixels(y2, height),
                bool(said.get("difficult")),
                bool(said.get("truncated")),
                bool(said.get("occluded")),
                _pose(said.get("view")),
                round(float(said["score"]), 7) if 0 <= said.get("score", -1) <= 1 else None,
                bool(said.get("is_crowd") or said.get("group_of")),
            )
        )
    return tuple(boxes)


def _pixels(share: float, size: int) -> float:
    """Share -> pixel. A 32-bit share of a whole pixel comes back as that whole pixel."""
    if not size:
        return float(share)
    value = share * size
    return float(round(value)) if abs(value - round(value)) < 2e-7 * size else value


def _pose(found: Any) -> str:
    text = kept_text(found.decode(errors="replace")) if isinstance(found, bytes) else ""
    return "" if text == "Unspecified" else text[:40]


def _named(label: int, names: Mapping[int, str], problems: list[FormatError]) -> str:
    if label in names:
        return names[label]
    message = f"No label map names class {label}, so it is called class_{label}. Rename it, or add the label map."
    if not any(problem.message == message for problem in problems):
        problems.append(FormatError("class_without_name", message))
    return f"class_{label}"


def _text(example: Any, key: str) -> str:
    found = values(example, key)
    return kept_text(found[0].decode(errors="replace")) if found and isinstance(found[0], bytes) else ""


def _number(example: Any, key: str) -> int:
    return stated_size((values(example, key) or [0])[0])


def _list(example: Any, key: str, kind: Any) -> list[Any]:
    """The values of a feature. Raises FormatError when they are of another kind than the key says."""
    found = values(example, key)
    if found and not isinstance(found[0], kind):
        message = f"A record holds something else in {key} than the Object Detection API does; it was left out."
        raise FormatError("record_not_example", message)
    return found


def write_example(record: AnnotationRecord, numbers: Mapping[str, int], encoded: bytes = b"", kind: str = "") -> bytes:
    """One tf.train.Example with the keys the Object Detection API reads, and some more that it passes over."""
    digest = hashlib.sha256(encoded).hexdigest() if encoded else ""
    return b"".join(example_pieces(record, numbers, encoded, kind, digest))


def example_pieces(
    record: AnnotationRecord, numbers: Mapping[str, int], encoded: bytes, kind: str, digest: str
) -> tuple[bytes, ...]:
    """`write_example` in pieces of which the picture is one: it is not copied on its way to the file.

    `digest` is the picture's SHA-256 in hex.
    """
    example = _labels(record, numbers)
    if not encoded:
        return (bytes(example.SerializeToString(deterministic=True)),)
    put(example, "image/format", [kind])
    put(example, "image/key/sha256", [digest])
    labels = bytes(example.features.SerializeToString(deterministic=True))
    head = b"\x0a" + _varint(len(encoded))  # BytesList.value
    head = b"\x0a" + _varint(len(head) + len(encoded)) + head  # Feature.bytes_list
    head = ENCODED_KEY + b"\x12" + _varint(len(head) + len(encoded)) + head  # FeatureEntry.key and .value
    head = b"\x0a" + _varint(len(head) + len(encoded)) + head  # Features.feature
    return b"\x0a" + _varint(len(labels) + len(head) + len(encoded)) + labels + head, encoded  # Example.features


def _varint(value: int) -> bytes:
    """A number as protobuf writes it: seven bits a byte, the low ones first."""
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


def _labels(record: AnnotationRecord, numbers: Mapping[str, int]) -> Any:
    example, boxes = Example(), record.boxes
    width, height = record.width, record.height
    put(example, "image/filename", [record.file_name])
    put(example, "image/source_id", [record.source_id or record.file_name])
    put(example, "image/width", [width])
    put(example, "image/height", [height])
    for key, found in (
        (BOX + "xmin", [box.x1 / width for box in boxes]),
        (BOX + "ymin", [box.y1 / height for box in boxes]),
        (BOX + "xmax", [box.x2 / width for box in boxes]),
        (BOX + "ymax", [box.y2 / height for box in boxes]),
        (OBJECT + "class/text", [box.name for box in boxes]),
        (OBJECT + "class/label", [numbers[box.name] for box in boxes]),
        (OBJECT + "difficult", [int(box.difficult) for box in boxes]),
        (OBJECT + "truncated", [int(box.truncated) for box in boxes]),
        (OBJECT + "view", [box.pose or "Unspecified" for box in boxes]),
        (OBJECT + "is_crowd", [int(box.crowd) for box in boxes]),
        (OBJECT + "area", [float((box.x2 - box.x1) * (box.y2 - box.y1)) for box in boxes]),
    ):
        put(example, key, found)
    _put_rare(example, record)
    return example


def _put_rare(example: Any, record: AnnotationRecord) -> None:
    for key, value in (
        ("verified", int(record.verified)),
        ("channels", record.depth),
        ("folder", record.folder),
        ("segmented", int(record.segmented)),
    ):
        if value:
            put(example, f"image/{key}", [value])
    if any(box.occluded for box in record.boxes):
        put(example, OBJECT + "occluded", [int(box.occluded) for box in record.boxes])
    if any(box.score is not None for box in record.boxes):
        put(example, OBJECT + "score", [float(-1 if b.score is None else b.score) for b in record.boxes])


def shard_name(base: str, number: int, count: int) -> str:
    return f"{base}-{number:05d}-of-{count:05d}"
