"""The CSV of the TensorFlow tutorials: filename,width,height,class,xmin,ymin,xmax,ymax, one line a box."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator

from datasets.formats.records import AnnotationRecord, BoxRecord, Context, FormatError, stated_size, whole_or_exact
from datasets.formats.yolo import decode

COLUMNS = ("filename", "width", "height", "class", "xmin", "ymin", "xmax", "ymax")


def parse(data: bytes, path: str, context: Context) -> Iterator[tuple[AnnotationRecord, bytes]]:
    """One record for each image named in the file, in the order of their first lines.

    Raises:
        FormatError: a column is missing, or the file is no CSV.
    """
    text = decode(data)
    rows = _rows(text)
    header = [name.strip().lower() for name in next(rows, [])]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise FormatError("csv_columns", f"The CSV has no column {', '.join(missing)}. Expected: {','.join(COLUMNS)}.")
    places = [header.index(name) for name in COLUMNS]
    for name, lines in _grouped(rows, places).items():
        yield _read_image(name, lines), _content(lines)


def _rows(text: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    except csv.Error as error:  # a quote that never ends swallows the rest of the file, for one
        raise FormatError("csv_does_not_parse", f"This is not a CSV file ({error}).") from error


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _grouped(rows: Iterator[list[str]], places: list[int]) -> dict[str, list[tuple[int, list[str]]]]:
    """Lines by image; a line that is too short is kept, so that it can be reported."""
    images: dict[str, list[tuple[int, list[str]]]] = {}
    for number, row in enumerate(rows, start=2):
        if any(cell.strip() for cell in row):
            values = [row[place].strip() if place < len(row) else "" for place in places]
            images.setdefault(values[0].replace("\\", "/"), []).append((number, values))
    return images


def _content(lines: list[tuple[int, list[str]]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows([COLUMNS, *(values for _, values in lines)])
    return buffer.getvalue().encode()


def _read_image(name: str, lines: list[tuple[int, list[str]]]) -> AnnotationRecord:
    boxes: list[BoxRecord] = []
    problems: list[FormatError] = []
    for number, values in lines:
        try:
            boxes.append(_read_box(number, values))
        except FormatError as error:
            problems.append(error)
    width, height = (stated_size(lines[0][1][place]) for place in (1, 2))
    return AnnotationRecord(name, width, height, tuple(boxes), problems=tuple(problems))


def _read_box(number: int, values: list[str]) -> BoxRecord:
    if not values[3]:
        raise FormatError("box_without_class", f"Line {number} has no class name. Give it one and import again.")
    try:
        x1, y1, x2, y2 = (float(value.replace(",", ".")) for value in values[4:8])
    except ValueError:
        x1 = y1 = x2 = y2 = math.nan
    if not all(map(math.isfinite, (x1, y1, x2, y2))):
        raise FormatError("box_without_coordinates", f"Line {number} has no usable coordinates ({values[4:8]}).")
    return BoxRecord(values[3], x1, y1, x2, y2)


def csv_header() -> bytes:
    return (",".join(COLUMNS) + "\n").encode()


def write_csv(record: AnnotationRecord) -> bytes:
    """The lines of one image; none for an image without boxes, of which this format cannot speak."""
    buffer = io.StringIO(newline="")
    start = [record.file_name, record.width, record.height]
    csv.writer(buffer, lineterminator="\n").writerows(
        [*start, box.name, *map(whole_or_exact, (box.x1, box.y1, box.x2, box.y2))] for box in record.boxes
    )
    return buffer.getvalue().encode()
