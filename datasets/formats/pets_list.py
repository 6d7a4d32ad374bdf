"""Oxford-Pets lists: annotations/trainval.txt with "NAME CLASS SPECIES BREED" a line, boxes in annotations/xmls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from datasets.formats.records import AnnotationRecord
from datasets.formats.yolo import decode

LINE = re.compile(r"(?P<name>\S.*?)(?P<numbers>(?:\s+\d+)+)\s*\Z")


@dataclass(frozen=True)
class PetsLine:
    """An image by name, and the number of its class (0 when the line has none)."""

    name: str
    class_id: int


def read_pets_list(data: bytes) -> list[PetsLine]:
    """Lines of a list in order; comments and blank lines are passed over."""
    lines = []
    for line in decode(data).splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = LINE.match(text)
        lines.append(PetsLine(match["name"], int(match["numbers"].split()[0])) if match else PetsLine(text, 0))
    return lines


def is_pets_list(data: bytes) -> bool:
    """Do most lines end with numbers?"""
    lines = read_pets_list(data)
    return bool(lines) and sum(line.class_id > 0 for line in lines) > len(lines) / 2


def write_pets_line(record: AnnotationRecord, numbers: Mapping[str, int]) -> str:
    """The class of an image is that of its first box; an image without boxes has no place in such a list."""
    number = numbers[record.boxes[0].name]
    return f"{record.file_name.rpartition('/')[2].rpartition('.')[0]} {number} 1 1\n"
