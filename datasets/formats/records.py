"""The neutral record in which all formats meet. Values in, values out: no database, no settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

#: Names of unknown tags and their texts, in the order of the file. A name that starts with "xml:" or "json:" holds
#: a whole element or value in that language, because it is more than a text.
Tags = tuple[tuple[str, str], ...]


#: Letters of a message; files may put a megabyte where a name belongs, and messages quote names.
LONGEST_MESSAGE = 600
#: Pixels a side. No format can hold a larger picture, so whoever states more states nothing.
MOST_PIXELS = 1_000_000
UNKEPT = re.compile("[\0\ud800-\udfff]")


def kept_text(text: str) -> str:
    """A text as databases keep it: without NUL, and with a question mark for each half of a surrogate pair."""
    return UNKEPT.sub(lambda found: "" if found[0] == "\0" else "\ufffd", text)


def stated_size(value: Any) -> int:
    """Width, height or depth as a file states it; 0 for what no picture can have, which counts as not stated."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0
    return int(number) if 0 < number <= MOST_PIXELS else 0


class FormatError(Exception):
    """A file could not be read as what it claims to be. `code` is stable for programs, the text is for people."""

    def __init__(self, code: str, message: str) -> None:
        if len(message) > LONGEST_MESSAGE:
            half = LONGEST_MESSAGE // 2
            message = f"{message[:half]} … {message[-half:]}"
        message = kept_text(message)
        super().__init__(message)
        self.code, self.message = code, message

    def __reduce__(self) -> tuple[Any, ...]:
        return FormatError, (self.code, self.message)


@dataclass(frozen=True)
class Problem:
    """A file (or a box in it) that was set aside or changed, and why."""

    file: str
    code: str
    message: str

    def as_json(self) -> dict[str, str]:
        return {"file": self.file, "code": self.code, "message": self.message}


@dataclass(frozen=True, slots=True)
class BoxRecord:
    """A box as a file states it: pixel edges, not yet checked against the image; `name` is the file's class name.

    In a record that is `relative` the edges are shares of the upright image, 0 to 1.
    """

    name: str
    x1: float
    y1: float
    x2: float
    y2: float
    difficult: bool = False
    truncated: bool = False
    occluded: bool = False
    pose: str = ""
    score: float | None = None
    crowd: bool = False
    tags: Tags = ()


@dataclass(frozen=True)
class AnnotationRecord:
    """All that a format says about one image. Width, height and depth are 0 when it does not say.

    `file_name` may have folders before it, with forward slashes; `split` is train, val, test or empty; `source_id` is
    the number or name by which the format knows the image. A record without boxes means "nothing here".
    """

    file_name: str
    width: int
    height: int
    boxes: tuple[BoxRecord, ...]
    verified: bool = False
    problems: tuple[FormatError, ...] = ()
    folder: str = ""
    depth: int = 0
    segmented: bool = False
    split: str = ""
    source_id: str = ""
    tags: Tags = ()
    relative: bool = False


@dataclass(frozen=True)
class Piece:
    """What one annotation file, or the part of it about one image, says; `content` are the bytes to keep of it.

    `own_file`: the file is about this image alone, so that its own name may tell which image it is.
    """

    path: str
    record: AnnotationRecord
    content: bytes
    own_file: bool = True


@dataclass(frozen=True)
class Context:
    """What a reader must know besides the file: class names by folder ("" for all), splits, the VOC switch."""

    one_based: bool = False
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def names_for(self, path: str) -> tuple[str, ...]:
        """Class names for a file: of its own folder, else of the nearest folder above it, else the only ones there."""
        folder = path.rpartition("/")[0]
        while True:
            if folder in self.names:
                return self.names[folder]
            if not folder:
                break
            folder = folder.rpartition("/")[0]
        return next(iter(self.names.values())) if len(self.names) == 1 else ()


def whole_or_exact(value: float) -> str:
    """A coordinate as text: "12" for 12.0, else all digits needed to read the same number again."""
    return str(int(value)) if value == int(value) else repr(float(value))
