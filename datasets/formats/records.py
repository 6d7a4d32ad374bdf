"""The neutral record in which all formats meet. Values in, values out: no database, no settings."""

from __future__ import annotations

from dataclasses import dataclass


class FormatError(Exception):
    """A file could not be read as what it claims to be. `code` is stable for programs, the text is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class Problem:
    """A file (or a box in it) that was set aside or changed, and why."""

    file: str
    code: str
    message: str

    def as_json(self) -> dict[str, str]:
        return {"file": self.file, "code": self.code, "message": self.message}


@dataclass(frozen=True)
class BoxRecord:
    """A box as a file states it: pixel edges, not yet checked against the image; `name` is the file's class name."""

    name: str
    x1: float
    y1: float
    x2: float
    y2: float
    difficult: bool = False
    truncated: bool = False
    occluded: bool = False
    pose: str = ""


@dataclass(frozen=True)
class AnnotationRecord:
    """All that one annotation file says about one image. Width and height are 0 when it does not say."""

    file_name: str
    width: int
    height: int
    boxes: tuple[BoxRecord, ...]
    verified: bool = False
    problems: tuple[FormatError, ...] = ()
