"""Are the image files there, whole, and of the size they were labelled at?"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from PIL import Image

from datasets.versions.manifest import Manifest, ManifestImage
from training.engine.images import ORIENTATION, PASSED_THROUGH, TURNED, UNREADABLE
from training.preflight.finding import BLOCK, FIX, WARN, Finding, counted, named, some

TURNING = range(5, 9)  # EXIF orientations that exchange width and height
MISSING, UNDECODABLE, OTHER_SIZE, CONVERTED = "missing", "unreadable", "size", "converted"


def check_files(manifest: Manifest, decode: bool) -> Iterator[Finding]:
    """With `decode` the pixels of every file are read, by a thread for each processor; else only its head."""
    images = [image for image in manifest.images if image.split != "test" or decode]
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        states = pool.map(partial(state_of, decode=decode), images)
        found = defaultdict(list)
        for image, state in zip(images, states, strict=True):
            found[state].append(image)
    yield from broken(found)
    if converted := found[CONVERTED]:
        what = counted(len(converted), "1 image is", "images are")
        yield Finding(
            FIX,
            "images_converted",
            f"{what} not stored as upright RGB or grey ({names(converted)}); the records get RGB copies.",
            some(image.id for image in converted),
        )
    yield from repeated(manifest.images)


def state_of(image: ManifestImage, decode: bool) -> str:
    """ "" for a good file, else what is wrong with it."""
    return state_of_file(image.path, (image.width, image.height), decode)


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


def broken(found: dict[str, list[ManifestImage]]) -> Iterator[Finding]:
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


def repeated(images: tuple[ManifestImage, ...]) -> Iterator[Finding]:
    by_hash: dict[str, list[ManifestImage]] = defaultdict(list)
    by_name: dict[tuple[str, str], list[ManifestImage]] = defaultdict(list)
    for image in images:
        by_hash[image.sha256].append(image)
        by_name[image.folder, image.file_name].append(image)
    copies = [group for group in by_hash.values() if len(group) > 1]
    across = [image for group in copies if len({image.split for image in group}) > 1 for image in group]
    within = [image for group in copies if len({image.split for image in group}) == 1 for image in group]
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
    alike = [group for group in by_name.values() if len({image.sha256 for image in group}) > 1]
    if alike:
        one = [image for group in alike for image in group]
        yield Finding(
            WARN,
            "names_repeated",
            f"{counted(len(alike), '1 file name is', 'file names are')} used by several images ({names(one)}); in "
            "exports and lists they are told apart by their numbers only.",
            some(image.id for image in one),
        )


def names(images: list[ManifestImage]) -> str:
    return named(image.file_name for image in images)
