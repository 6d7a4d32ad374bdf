"""The content of a frozen version: plain values, written once to storage under their own hash."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from datasets.formats.records import Tags

#: What most images say of these, which the file leaves out.
USUAL: dict[str, Any] = {"original": "", "folder": "", "orientation": 1, "verified": False, "tags": ()}


class ManifestError(Exception):
    """A version's manifest is missing or not what it was when frozen."""


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


@dataclass(frozen=True)
class Manifest:
    """`classes` maps label map ids (from 1) to names; images are ordered by id.

    Format 1 had no pose and no tags, 2 no scores and nothing of the images' rows.
    """

    classes: dict[int, str]
    images: tuple[ManifestImage, ...]
    format: int = 3

    def split(self, name: str) -> list[ManifestImage]:
        return [image for image in self.images if image.split == name]

    def counts(self) -> dict[str, dict[str, Any]]:
        result: dict[str, dict[str, Any]] = {}
        for split in ("train", "val", "test"):
            images = self.split(split)
            per_class = Counter(self.classes[box.class_id] for image in images for box in image.boxes)
            result[split] = {
                "images": len(images),
                "negatives": sum(not image.boxes for image in images),
                "boxes": sum(per_class.values()),
                "classes": {name: per_class.get(name, 0) for name in self.classes.values()},
            }
        return result

    def to_json(self) -> bytes:
        """Canonical bytes: the same content always gives the same hash."""
        images = [image.as_json() for image in self.images]
        document = {"format": self.format, "classes": {str(k): v for k, v in self.classes.items()}, "images": images}
        return json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Manifest:
        document = json.loads(data)
        images = tuple(map(ManifestImage.from_json, document["images"]))
        classes = sorted((int(number), name) for number, name in document["classes"].items())
        return cls(dict(classes), images, document["format"])


def as_tags(rows: Iterable[Sequence[str]]) -> Tags:
    """Tags as the database and JSON hold them: [[name, text], ...]."""
    return tuple((str(name), str(text)) for name, text in rows)


def _with_tags(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "tags": as_tags(row["tags"])} if "tags" in row else row


def write_manifest(manifest: Manifest) -> tuple[str, str]:
    """Store a manifest; gives (storage name, SHA-256 of the canonical bytes)."""
    data = manifest.to_json()
    digest = hashlib.sha256(data).hexdigest()
    name = f"versions/{digest[:2]}/{digest}.json.gz"
    if not default_storage.exists(name):
        name = default_storage.save(name, ContentFile(gzip.compress(data, mtime=0)))
    return name, digest


@lru_cache(maxsize=4)
def read_manifest(name: str, digest: str) -> Manifest:
    try:
        with default_storage.open(name) as file:
            data = gzip.decompress(file.read())
    except (OSError, EOFError) as error:
        raise ManifestError(
            f"The file of this version ({name}) cannot be read: {error}. Restore it from a backup."
        ) from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise ManifestError(f"The file of this version ({name}) is not what was frozen. Restore it from a backup.")
    return Manifest.from_json(data)
