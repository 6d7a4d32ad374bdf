"""YOLO text files as labelImg writes them: "class cx cy width height" in shares of the image, names in classes.txt."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from datasets.formats.records import AnnotationRecord, BoxRecord, Context, FormatError


def parse(data: bytes, path: str, context: Context) -> Iterator[tuple[AnnotationRecord, bytes]]:
    yield read_yolo(data, context.names_for(path)), data


def read_classes(data: bytes) -> tuple[str, ...]:
    """Class names of classes.txt in order; blank lines at the end do not count, others keep their number."""
    lines = [line.strip() for line in decode(data).split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return tuple(lines)


def decode(data: bytes) -> str:
    """Text of a file from any computer, without NUL: UTF-8 with or without a mark, else Windows' Western letters."""
    data = data.replace(b"\0", b"")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read_yolo(data: bytes, names: Sequence[str]) -> AnnotationRecord:
    """Boxes of one text file in shares of the image. A line that cannot be read is reported, the others stay."""
    boxes: list[BoxRecord] = []
    problems: list[FormatError] = []
    for number, line in enumerate(decode(data).splitlines(), start=1):
        if line.strip():
            try:
                boxes.append(_read_line(line, number, names, problems))
            except FormatError as error:
                problems.append(error)
    return AnnotationRecord("", 0, 0, tuple(boxes), problems=tuple(problems), relative=True)


def _read_line(line: str, number: int, names: Sequence[str], problems: list[FormatError]) -> BoxRecord:
    try:
        first, *values = (float(part) for part in line.split())
        usable = first == int(first) and first >= 0 and all(map(math.isfinite, values))
    except (ValueError, OverflowError):
        usable, values, first = False, [], 0.0
    if not usable or len(values) < 4 or (len(values) > 5 and len(values) % 2):
        shown = line.strip()[:60]
        raise FormatError("yolo_line", f"Line {number} ({shown}) is not “class cx cy width height”; it was left out.")
    name = _name(int(first), names, problems)
    if len(values) > 5:
        problems.append(FormatError("outline_to_box", f"Line {number} is an outline; the box around it was taken."))
        xs, ys = values[0::2], values[1::2]
        return BoxRecord(name, min(xs), min(ys), max(xs), max(ys))
    x, y, w, h = values[:4]
    score = values[4] if len(values) == 5 and 0 <= values[4] <= 1 else None
    return BoxRecord(name, x - w / 2, y - h / 2, x + w / 2, y + h / 2, score=score)


def _name(number: int, names: Sequence[str], problems: list[FormatError]) -> str:
    if number < len(names) and names[number]:
        return names[number]
    known = f"has only {len(names)} names" if names else "is not here"
    message = f"The list of classes {known}, so class {number} is called class_{number}. Rename it, or add the list."
    if not any(problem.message == message for problem in problems):
        problems.append(FormatError("class_without_name", message))
    return f"class_{number}"


def write_yolo(record: AnnotationRecord, numbers: dict[str, int], digits: int = 6, score: bool = False) -> bytes:
    """One line a box; `numbers` are places in classes.txt, from 0. labelImg writes 6 digits."""
    width, height = (1, 1) if record.relative else (record.width, record.height)
    lines = []
    for box in record.boxes:
        x, y = (box.x1 + box.x2) / 2 / width, (box.y1 + box.y2) / 2 / height
        w, h = (box.x2 - box.x1) / width, (box.y2 - box.y1) / height
        tail = f" {box.score!r}" if score and box.score is not None else ""
        lines.append(f"{numbers[box.name]} {x:.{digits}f} {y:.{digits}f} {w:.{digits}f} {h:.{digits}f}{tail}\n")
    return "".join(lines).encode()
