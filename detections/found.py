"""What was found, as files other programs read: COCO and VOC by the writers of the dataset formats, JSON, a picture."""

from __future__ import annotations

import io
import itertools
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from datasets.formats import coco
from datasets.formats.records import AnnotationRecord, BoxRecord
from datasets.formats.voc import write_voc
from detections.drawing import annotate
from detections.inference import Detected
from sw_site.lib.errors import UserError

FORMATS = ("json", "voc", "coco")
#: A zip of labels up to this size stays in memory.
SPOOLED_BYTES = 8 * 1024 * 1024
#: (class id, score, (x1, y1, x2, y2)): one box, whatever it came from.
FoundBox = tuple[int, float, tuple[float, float, float, float]]


def check_format(name: str, known: Iterable[str] = FORMATS) -> str:
    if name not in known:
        raise UserError("unknown_format", f"“{name}” is not a format. Choose one of {', '.join(known)}.", 422)
    return name


def record_of(
    file_name: str, size: tuple[int, int], boxes: Iterable[FoundBox], names: Mapping[int, str]
) -> AnnotationRecord:
    """One image (of `size` width, height in pixels) and its boxes as the neutral record of the dataset formats."""
    rows = [
        BoxRecord(
            names.get(class_id, f"class {class_id}"),
            round(x1, 2),
            round(y1, 2),
            round(x2, 2),
            round(y2, 2),
            score=round(score, 6),
        )
        for class_id, score, (x1, y1, x2, y2) in boxes
        if x2 > x1 and y2 > y1
    ]
    return AnnotationRecord(file_name, *size, tuple(rows), depth=3)


def boxes_of(found: Detected, threshold: float) -> list[FoundBox]:
    kept = found.detections.above(threshold)
    rows = zip(kept.class_ids.tolist(), kept.scores.tolist(), kept.boxes.tolist(), strict=True)
    return [(class_id, score, (x1, y1, x2, y2)) for class_id, score, (x1, y1, x2, y2) in rows]


def picture_of(found: Detected, threshold: float, names: Mapping[int, str]) -> bytes:
    """The upright picture with its boxes drawn, as JPEG."""
    buffer = io.BytesIO()
    annotate(found.picture, found.detections.above(threshold), names).save(buffer, "JPEG", quality=90, subsampling=0)
    return buffer.getvalue()


def coco_file(records: Iterable[AnnotationRecord], names: Mapping[int, str]) -> Iterator[bytes]:
    """A COCO file, piece by piece; the boxes are held as bytes until the images are through."""
    classes, images, boxes = dict(names), itertools.count(1), itertools.count(1)
    numbers = {name: number for number, name in classes.items()}
    rows: list[bytes] = []
    yield b'{"categories":' + coco.category_rows(classes) + b',\n"images":['
    for record in records:
        number = next(images)
        yield (b",\n" if number > 1 else b"\n") + coco.image_row(record, number)
        rows += [
            coco.box_row(box, next(boxes), number, numbers[box.name]) for box in record.boxes if box.name in numbers
        ]
    yield b'],\n"annotations":[\n' + b",\n".join(rows) + b"]}\n"


def voc_zip(records: Iterable[AnnotationRecord]) -> IO[bytes]:
    """A zip of one VOC file for each image, at its beginning. Files of one name get numbers."""
    spooled: Any = SpooledTemporaryFile(SPOOLED_BYTES)  # noqa: SIM115 - the response closes it
    taken: set[str] = set()
    with zipfile.ZipFile(spooled, "w", zipfile.ZIP_DEFLATED) as archive:
        for record in records:
            stem = PurePosixPath(record.file_name).stem
            numbered = (stem if n == 1 else f"{stem}-{n}" for n in itertools.count(1))
            name = next(name for name in numbered if name.casefold() not in taken)
            taken.add(name.casefold())
            archive.writestr(f"{name}.xml", write_voc(record))
    spooled.seek(0)
    return spooled
