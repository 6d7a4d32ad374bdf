"""Are the image files there, whole, and of the size they were labelled at?"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from django.core.files.storage import default_storage
from PIL import Image

from datasets.versions.manifest import Manifest
from sw_site.lib.files.where import local_root
from training.engine.images import ORIENTATION, PASSED_THROUGH, TURNED, UNREADABLE
from training.preflight.finding import BLOCK, FIX, WARN, Finding, counted, named, some

TURNING = range(5, 9)  # EXIF orientations that exchange width and height
AT_ONCE = 1000
MISSING, UNDECODABLE, OTHER_SIZE, CONVERTED = "missing", "unreadable", "size", "converted"


def check_files(manifest: Manifest, decode: bool) -> Iterator[Finding]:
    """With `decode` the pixels of every file are read, by a thread for each processor; else only its head."""
    found: dict[str, list[Looked]] = defaultdict(list)
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for images in batched(looked_at(manifest, decode)):
            for image, state in zip(images, pool.map(partial(state_of, decode=decode), images), strict=True):
                found[state] += [image] if state else []
    yield from broken(found)
    if converted := found[CONVERTED]:
        what = counted(len(converted), "1 image is", "images are")
        yield Finding(
            FIX,
            "images_converted",
            f"{what} not stored as upright RGB or grey ({names(converted)}); the records get RGB copies.",
            some(image.id for image in converted),
        )
    yield from repeated(manifest)


class Looked(NamedTuple):
    """What the checks of files need of an image."""

    id: int
    file: str
    file_name: str
    folder: str
    sha256: str
    width: int
    height: int
    split: str


def looked_at(manifest: Manifest, decode: bool) -> Iterator[Looked]:
    """Not every picture of a bucket while somebody waits for a page: the worker looks at all of them anyway."""
    if not decode and local_root() is None:
        return iter(())
    return (image for image in every(manifest) if image.split != "test" or decode)


def every(manifest: Manifest) -> Iterator[Looked]:
    return map(Looked._make, manifest.columns(*Looked._fields))


def batched(images: Iterator[Looked]) -> Iterator[list[Looked]]:
    while batch := list(islice(images, AT_ONCE)):
        yield batch


def state_of(image: Looked, decode: bool) -> str:
    """ "" for a good file, else what is wrong with it."""
    return state_of_file(Path(default_storage.path(image.file)), (image.width, image.height), decode)


def state_of_file(path: Path, size: tuple[int, int], decode: bool) -> str:
    try:
        with Image.open(path) as picture:
            turned = picture.getexif().get(ORIENTATION, 1)
            actual = picture.size[::-1] if turned in TURNING else picture.size
            if actual != size:
                return OTHER_SIZE
            if decode:
                picture.load()
            return "" if picture.mode in PASSED_THROUGH and turned not in TURNED else CONVERTED
    except FileNotFoundError:
        return MISSING
    except UNREADABLE:
        return UNDECODABLE


def broken(found: dict[str, list[Looked]]) -> Iterator[Finding]:
    if missing := found[MISSING]:
        yield Finding(
            BLOCK,
            "missing_files",
            f"{counted(len(missing), '1 image file is', 'image files are')} missing on the server ({names(missing)}). "
            "Restore them from a backup, or freeze a new version without them.",
            some(image.id for image in missing),
        )
    if damaged := found[UNDECODABLE]:
        yield Finding(
            BLOCK,
            "unreadable_files",
            f"{counted(len(damaged), '1 image', 'images')} cannot be decoded ({names(damaged)}). Import whole copies "
            "of them, or freeze a new version without them.",
            some(image.id for image in damaged),
        )
    if changed := found[OTHER_SIZE]:
        yield Finding(
            BLOCK,
            "size_differs",
            f"{counted(len(changed), '1 image file is', 'image files are')} not of the size the boxes were drawn at "
            f"({names(changed)}). Import them again, check their boxes, and freeze a new version.",
            some(image.id for image in changed),
        )


def repeated(manifest: Manifest) -> Iterator[Finding]:
    by_hash = groups_of(manifest, lambda image: image.sha256)
    across = [image for group in by_hash if len({image.split for image in group}) > 1 for image in group]
    within = [image for group in by_hash if len({image.split for image in group}) == 1 for image in group]
    if across:
        yield Finding(
            BLOCK,
            "copies_across_splits",
            f"The same picture stands in two splits ({names(across)}), so the model would be measured on what it has "
            "learnt by heart. Remove the copies and freeze a new version.",
            some(image.id for image in across),
        )
    if within:
        yield Finding(
            WARN,
            "copies",
            f"{len(within):,} images are copies of each other ({names(within)}). Remove all but one of each.",
            some(image.id for image in within),
        )
    by_name = groups_of(manifest, lambda image: (image.folder, image.file_name))
    alike = [group for group in by_name if len({image.sha256 for image in group}) > 1]
    if alike:
        one = [image for group in alike for image in group]
        yield Finding(
            WARN,
            "names_repeated",
            f"{counted(len(alike), '1 file name is', 'file names are')} used by several images ({names(one)}); in "
            "exports and lists they are told apart by their numbers only.",
            some(image.id for image in one),
        )


def groups_of(manifest: Manifest, key: Callable[[Looked], Hashable]) -> list[list[Looked]]:
    """Images that share a key, of each key that several have. Most share none, and those are not held on to."""
    seen = Counter(hash(key(image)) for image in every(manifest))
    groups: dict[Hashable, list[Looked]] = defaultdict(list)
    for image in every(manifest):
        if seen[hash(key(image))] > 1:
            groups[key(image)].append(image)
    return [group for group in groups.values() if len(group) > 1]


def names(images: list[Looked]) -> str:
    return named(image.file_name for image in images)
