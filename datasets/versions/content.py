"""What a frozen version says of an image and of a box: plain values, to and from JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage

from datasets.formats.records import Tags

#: What most images say of these, which the file leaves out.
USUAL: dict[str, Any] = {"original": "", "folder": "", "orientation": 1, "verified": False, "tags": ()}


@dataclass(frozen=True)
class ManifestBox:
    """Pixel edges of the upright image, as in `datasets.models.Box`; `class_id` is the label map number.

    Pose, unknown tags and score are carried for exports; boxes that differ in them alone count as equal.
    """

    class_id: int
    x1: float
    y1: float
    x2: float
    y2: float
    difficult: bool = False
    truncated: bool = False
    occluded: bool = False
    pose: str = field(default="", compare=False)
    tags: Tags = field(default=(), compare=False)
    score: float | None = field(default=None, compare=False)

    def as_json(self) -> dict[str, Any]:
        """All that was frozen; of pose, tags and score, which few boxes have, what there is."""
        return {name: value for name, value in vars(self).items() if value not in ("", (), None)}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> ManifestBox:
        return cls(**_with_tags(row))


@dataclass(frozen=True)
class ManifestImage:
    """An image of a version. What follows its boxes is what exports need of its row, should it be gone one day."""

    id: int
    file: str
    file_name: str
    sha256: str
    width: int
    height: int
    split: str
    boxes: tuple[ManifestBox, ...]
    original: str = field(default="", compare=False)
    folder: str = field(default="", compare=False)
    orientation: int = field(default=1, compare=False)
    verified: bool = field(default=False, compare=False)
    tags: Tags = field(default=(), compare=False)

    def as_json(self) -> dict[str, Any]:
        row = {name: value for name, value in vars(self).items() if name not in USUAL or value != USUAL[name]}
        return {**row, "boxes": [box.as_json() for box in self.boxes]}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> ManifestImage:
        return cls(**{**_with_tags(row), "boxes": tuple(map(ManifestBox.from_json, row["boxes"]))})

    @property
    def path(self) -> Path:
        """The upright picture on disk."""
        return Path(default_storage.path(self.file))


def as_tags(rows: Iterable[Sequence[str]]) -> Tags:
    """Tags as the database and JSON hold them: [[name, text], ...]."""
    return tuple((str(name), str(text)) for name, text in rows)


def _with_tags(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "tags": as_tags(row["tags"])} if "tags" in row else row
