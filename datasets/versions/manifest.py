"""The content of a frozen version: plain values, written once to storage under their own hash.

The file is one JSON document in a gzip, its images last. It is written and read as a stream, image by image, so that
memory does not grow with what the objects of all images would take; the hash is that of the document.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import default_storage

from datasets.storage import store_file
from datasets.versions.content import ManifestBox, ManifestImage, as_tags
from datasets.versions.frozen_images import FrozenImages

__all__ = ["Manifest", "ManifestBox", "ManifestError", "ManifestImage", "as_tags", "read_manifest", "write_manifest"]

FORMAT = 3
SPLITS = ("train", "val", "test")
#: A document of up to so many bytes is kept as objects, which are quicker to go through than packed ones.
SMALL = 4 * 1024 * 1024
AT_ONCE = 1024 * 1024
IMAGES, IMAGE, END = b'"images":[', b'{"boxes":', b"]}"


class ManifestError(Exception):
    """A version's manifest is missing or not what it was when frozen."""


@dataclass(frozen=True)
class Manifest:
    """`classes` maps label map ids (from 1) to names; images are ordered by id.

    Format 1 had no pose and no tags, 2 no scores and nothing of the images' rows.
    """

    classes: dict[int, str]
    images: Sequence[ManifestImage]
    format: int = FORMAT

    def split(self, name: str) -> Sequence[ManifestImage]:
        if isinstance(self.images, FrozenImages):
            return self.images.where(split=name)
        return [image for image in self.images if image.split == name]

    def splits(self) -> dict[int, str]:
        """Split by image id, without looking at anything else."""
        if isinstance(self.images, FrozenImages):
            return dict(zip(self.images.ids(), self.images.splits(), strict=True))
        return {image.id: image.split for image in self.images}

    def digests(self) -> list[str]:
        """SHA-256 of each image, in order."""
        if isinstance(self.images, FrozenImages):
            return self.images.digests()
        return [image.sha256 for image in self.images]

    def with_ids(self, ids: Iterable[int]) -> dict[int, ManifestImage]:
        """Some images by id; those it does not have are left out."""
        wanted = set(ids)
        if isinstance(self.images, FrozenImages):
            return {image.id: image for image in self.images.where(ids=wanted)}
        return {image.id: image for image in self.images if image.id in wanted}

    def with_digest(self, sha256: str) -> ManifestImage | None:
        if isinstance(self.images, FrozenImages):
            return next(iter(self.images.where(sha256=sha256)), None)
        return next((image for image in self.images if image.sha256 == sha256), None)

    def columns(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """Some fields of each image, without making its boxes."""
        if not isinstance(self.images, FrozenImages):
            return (tuple(getattr(image, name) for name in names) for image in self.images)
        usual = {name: ManifestImage.__dataclass_fields__[name].default for name in names}
        return (tuple(row.get(name, usual[name]) for name in names) for row in self.images.rows())

    def counts(self) -> dict[str, dict[str, Any]]:
        return count(self.classes, ((image.split, [box.class_id for box in image.boxes]) for image in self.images))

    def to_json(self) -> bytes:
        """Canonical bytes: the same content always gives the same hash."""
        return b"".join(document(self.classes, map(line_of, self.images), self.format))

    @classmethod
    def from_json(cls, data: bytes) -> Manifest:
        content = json.loads(data)
        images = tuple(map(ManifestImage.from_json, content["images"]))
        return cls(_numbered(content["classes"]), images, content["format"])


def count(classes: dict[int, str], images: Iterable[tuple[str, Sequence[int]]]) -> dict[str, dict[str, Any]]:
    """Figures by split, from (split, class ids of its boxes) of each image."""
    seen: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}
    boxes: dict[str, Counter[int]] = {split: Counter() for split in SPLITS}
    for split, labels in images:
        if split in seen:
            seen[split].update(["images"] if labels else ["images", "negatives"])
            boxes[split].update(labels)
    return {
        split: {
            "images": seen[split]["images"],
            "negatives": seen[split]["negatives"],
            "boxes": boxes[split].total(),
            "classes": {name: boxes[split][number] for number, name in classes.items()},
        }
        for split in SPLITS
    }


def line_of(image: ManifestImage) -> bytes:
    """One image as it stands in the document, on one line."""
    return _canonical(image.as_json())


def document(classes: dict[int, str], lines: Iterable[bytes], format_: int = FORMAT) -> Iterator[bytes]:
    """The document piece by piece: keys in alphabetical order, so that the images come last."""
    names = _canonical({str(number): name for number, name in classes.items()})
    yield b'{"classes":%b,"format":%d,%b' % (names, format_, IMAGES)
    for place, line in enumerate(lines):
        yield b"," + line if place else line
    yield END


def _canonical(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


def _numbered(classes: dict[str, str]) -> dict[int, str]:
    return dict(sorted((int(number), name) for number, name in classes.items()))


def write_manifest(manifest: Manifest) -> tuple[str, str]:
    """Store a manifest; gives (storage name, SHA-256 of the canonical bytes)."""
    return write_document(document(manifest.classes, map(line_of, manifest.images), manifest.format))


def write_document(pieces: Iterable[bytes]) -> tuple[str, str]:
    digest = hashlib.sha256()
    with tempfile.TemporaryFile() as waiting:
        with gzip.GzipFile(fileobj=waiting, mode="wb", compresslevel=6, mtime=0, filename="") as packed:
            for piece in pieces:
                digest.update(piece)
                packed.write(piece)
        waiting.seek(0)
        name = f"versions/{digest.hexdigest()[:2]}/{digest.hexdigest()}.json.gz"
        return store_file(name, File(waiting)), digest.hexdigest()


@lru_cache(maxsize=4)
def read_manifest(name: str, digest: str) -> Manifest:
    """Raises ManifestError: the file is gone, damaged, or not what was frozen."""
    found = hashlib.sha256()
    try:
        with default_storage.open(name) as file:
            manifest = _parse(_unpacked(file, found))
    except (OSError, EOFError, zlib.error) as error:
        raise ManifestError(
            f"The file of this version ({name}) cannot be read: {error}. Restore it from a backup."
        ) from error
    except (ValueError, KeyError, TypeError):
        manifest = None
    if manifest is None or found.hexdigest() != digest:
        raise ManifestError(f"The file of this version ({name}) is not what was frozen. Restore it from a backup.")
    return manifest


def _unpacked(file: IO[bytes], digest: Any) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=file) as document_:
        while piece := document_.read(AT_ONCE):
            digest.update(piece)
            yield piece


def _parse(pieces: Iterator[bytes]) -> Manifest:
    start = b""
    for piece in pieces:
        start += piece
        if len(start) > SMALL and IMAGES + IMAGE in start:
            break
    else:
        return Manifest.from_json(start)
    head, _, rest = start.partition(IMAGES)
    content = json.loads(head + IMAGES + END)
    images = FrozenImages.of(_lines(rest, pieces))
    return Manifest(_numbered(content["classes"]), images, content["format"])


def _lines(rest: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The images' lines. No name or tag can look like where one begins: in JSON their quotation marks are escaped."""
    begin = b"," + IMAGE
    waiting = b"," + rest
    for piece in itertools.chain([b""], pieces):
        _, *whole, last = (waiting + piece).split(begin)
        yield from (IMAGE + line for line in whole)
        waiting = begin + last
    if not waiting.endswith(END):
        raise ValueError("the document ends too soon")
    yield waiting[1 : -len(END)]
