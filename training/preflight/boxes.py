"""Boxes that break a training, that are mended on the way, or that teach something wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.versions.manifest import Manifest, ManifestBox, ManifestImage
from training.engine.architectures.detector import MAX_DETECTIONS
from training.fitting import SMALL_SIDE, fit_of, sizes_of
from training.preflight.finding import BLOCK, FIX, WARN, Finding, Subject, counted, some
from training.presets import preset_of

SAME, TWICE = 0.999, 0.95  # IoU from which two boxes are one, and from which they are one object
CUSTOM_INPUT = 300  # pixels; what most configs that are brought along have, or more
SLACK = 0.01  # pixels; edges are floats


@dataclass(frozen=True)
class Boxes:
    """All boxes of a version as arrays of n: image ids, pixel edges [n, 4], image sizes [n, 2]."""

    images: NDArray[np.int64]
    edges: NDArray[np.float64]
    frames: NDArray[np.float64]

    @classmethod
    def of(cls, manifest: Manifest) -> Boxes:
        rows = ((image.id, b.x1, b.y1, b.x2, b.y2, image.width, image.height) for image, b in pairs(manifest))
        table = np.fromiter(chain.from_iterable(rows), float).reshape(-1, 7)
        return cls(table[:, 0].astype(np.int64), table[:, 1:5], table[:, 5:7])

    @property
    def sides(self) -> NDArray[np.float64]:
        """[n, 2] widths and heights."""
        return self.edges[:, 2:] - self.edges[:, :2]

    def where(self, mask: Any) -> tuple[int, tuple[int, ...]]:
        """How many boxes, and the first images they are on."""
        return int(mask.sum()), some(self.images[mask].tolist())


def pairs(manifest: Manifest) -> Iterator[tuple[ManifestImage, ManifestBox]]:
    return ((image, box) for image in manifest.images for box in image.boxes)


def check(subject: Subject) -> Iterator[Finding]:
    boxes = Boxes.of(subject.manifest)
    if not len(boxes.images):
        return
    with np.errstate(invalid="ignore"):
        yield from check_edges(boxes)
        yield from check_sides(boxes, subject.config.input_size or CUSTOM_INPUT)
    yield from check_crowds(subject.manifest)
    yield from check_overlaps(subject.manifest)
    yield from check_fit(subject)


def check_edges(boxes: Boxes) -> Iterator[Finding]:
    wild = ~np.isfinite(boxes.edges).all(1)
    if wild.any():
        count, images = boxes.where(wild)
        what = counted(count, "1 box has an edge that is", "boxes have edges that are")
        yield Finding(BLOCK, "box_not_a_number", f"{what} not a number. Draw them again, then freeze.", images)
    flat = ~wild & (boxes.sides <= 0).any(1)
    if flat.any():
        count, images = boxes.where(flat)
        yield Finding(
            BLOCK,
            "box_without_area",
            f"{counted(count, '1 box has', 'boxes have')} no area (left edge right of the right one, or top below "
            "bottom), which makes the loss infinite. Draw them again or delete them, then freeze a new version.",
            images,
        )
    good = ~wild & ~flat
    frames = np.concatenate([boxes.frames, boxes.frames], axis=1)
    over = good & ((boxes.edges < -SLACK) | (boxes.edges > frames + SLACK)).any(1)
    gone = good & ((boxes.edges[:, :2] >= boxes.frames) | (boxes.edges[:, 2:] <= 0)).any(1)
    if (over & ~gone).any():
        count, images = boxes.where(over & ~gone)
        what = counted(count, "1 box reaches", "boxes reach")
        yield Finding(FIX, "box_clipped", f"{what} outside the image and will be cut off at its edge.", images)
    if gone.any():
        count, images = boxes.where(gone)
        what = counted(count, "1 box lies", "boxes lie")
        yield Finding(FIX, "box_left_out", f"{what} outside the image altogether and will be left out.", images)


def check_sides(boxes: Boxes, input_size: int) -> Iterator[Finding]:
    scaled = boxes.sides * input_size / np.maximum(boxes.frames, 1)
    thin = (boxes.sides > 0).all(1) & (scaled < 1).any(1)
    if thin.any():
        count, images = boxes.where(thin)
        yield Finding(
            WARN,
            "box_under_a_pixel",
            f"{counted(count, '1 box is', 'boxes are')} thinner than a pixel at an input of {input_size} px and cannot "
            "be learnt. Choose a larger input size, or delete them if they are slips.",
            images,
        )


def check_crowds(manifest: Manifest) -> Iterator[Finding]:
    crowded = {image.id: len(image.boxes) for image in manifest.images if len(image.boxes) > MAX_DETECTIONS}
    if crowded:
        most = max(crowded.values())
        yield Finding(
            FIX,
            "many_boxes",
            f"{counted(len(crowded), '1 image has', 'images have')} more than {MAX_DETECTIONS} boxes; the limits of "
            f"training and detection are raised to {most:,}.",
            some(crowded),
        )


def check_overlaps(manifest: Manifest) -> Iterator[Finding]:
    """Two boxes on one object: with two classes they contradict each other, with one the object counts twice."""
    found = defaultdict(list)
    for image in manifest.images:
        for same_class in doubles(image):
            found[same_class].append(image.id)
    if swapped := found[False]:
        yield Finding(
            WARN,
            "two_classes_on_one_box",
            f"{counted(len(swapped), '1 object carries', 'objects carry')} two boxes of different classes "
            f"(IoU above {TWICE:g}). Only one of them can be right.",
            some(swapped),
        )
    if twice := found[True]:
        what = counted(len(twice), "1 object is", "objects are")
        yield Finding(WARN, "box_twice", f"{what} labelled twice with the same box. Delete one of each.", some(twice))


def doubles(image: ManifestImage) -> Iterator[bool]:
    """For each pair of boxes on one object: whether they are of one class."""
    if len(image.boxes) < 2:
        return
    edges = np.array([(b.x1, b.y1, b.x2, b.y2) for b in image.boxes])
    kinds = np.array([b.class_id for b in image.boxes])
    overlap = np.triu(overlaps(edges), 1)
    same = kinds[:, None] == kinds[None]
    for one in same[((overlap > TWICE) & ~same) | ((overlap > SAME) & same)]:
        yield bool(one)


def overlaps(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """[n, n] IoU of boxes [n, 4]."""
    low = np.maximum(edges[:, None, :2], edges[None, :, :2])
    high = np.minimum(edges[:, None, 2:], edges[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(2)
    areas = np.clip(edges[:, 2:] - edges[:, :2], 0, None).prod(1)
    return shared / np.maximum(areas[:, None] + areas[None] - shared, 1e-9)


def check_fit(subject: Subject) -> Iterator[Finding]:
    config = subject.config
    if config.is_custom:
        return
    fit = fit_of(sizes_of(subject.manifest), preset_of(config.architecture), config.input_size)
    if fit is None or fit.small_side >= SMALL_SIDE:
        return
    anchor = f" (its smallest anchor is {fit.smallest_anchor:.0f} px)" if fit.smallest_anchor else ""
    yield Finding(
        WARN,
        "small_objects",
        f"One box in ten is {fit.small_side:.0f} pixels or less at an input of {config.input_size} px{anchor}, which "
        "is hard to find. A larger input size helps (SSD MobileNet V2 FPNLite at 640, EfficientDet D0), or cutting the "
        "photos into tiles; both take longer.",
    )
