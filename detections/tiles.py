"""The tiles of an evaluation's gallery: crops of single boxes, or whole images with labels and predictions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from numpy.typing import NDArray

from datasets.models import Image
from detections.backdrop import View, cut_out
from detections.display import ClassStyle, class_style, draw, overlay
from detections.gallery import Gallery
from detections.gallery_filter import WORDS
from detections.metrics.matching import OUTCOMES
from detections.metrics.values import Boxes

#: Side of a crop's smallest view, in pixels of the image, and the share of the box that is shown around it.
SMALLEST_VIEW = 48
MARGIN = 0.35
ASPECT = 4 / 3
#: How many pixels the longer side of a crop needs so that it is not blurred.
ENOUGH_PIXELS = 160
KINDS = {"tp": "good", "missed": "bad"}


@dataclass(frozen=True)
class Shape:
    """A box to draw."""

    class_id: int
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class Tile:
    """A judged box: its crop, what became of it, and where its labels are fixed (empty when the image is gone)."""

    picture: SafeString
    file_name: str
    href: str
    title: str
    note: str
    match: str
    kind: str


@dataclass(frozen=True)
class ImagePair:
    """A whole image twice: with its labels and with the predictions that count."""

    image: Image | None
    file_name: str
    href: str
    sides: tuple[SafeString, SafeString]
    note: str


class Drawer:
    """Draws entries of one gallery. `strip` at most: the images' rows and the class colours, two queries."""

    def __init__(self, gallery: Gallery, places: Iterable[int]) -> None:
        self.gallery, self.table = gallery, gallery.table
        ids = self.table.image_ids[list(places)].tolist()
        self.rows = Image.objects.only("pk", "sha256", "width", "height", "file_name").in_bulk(ids)

    @cached_property
    def style(self) -> ClassStyle:
        return class_style(self.gallery.evaluation.class_names, self.gallery.evaluation.version.dataset)

    def row(self, place: int) -> Image | None:
        return self.rows.get(int(self.table.image_ids[place]))

    def truths(self, place: int) -> NDArray[np.int64]:
        return np.flatnonzero(self.table.true_image == place)

    def found(self, place: int) -> NDArray[np.int64]:
        return np.flatnonzero(self.table.image[: self.gallery.limit] == place)

    def true_shape(self, truth: int) -> Shape:
        return shape(self.table.true_classes[truth], self.table.true_boxes[truth])

    def shape(self, box: int) -> Shape:
        return shape(self.table.classes[box], self.table.boxes[box])

    def tile(self, entry: int) -> Tile:
        missed = entry - len(self.table) if entry >= len(self.table) else None
        place = int(self.gallery.image_of(np.array([entry]))[0])
        row = self.row(place)
        meant = self.true_shape(missed) if missed is not None else self.shape(entry)
        outcome = "missed" if missed is not None else str(OUTCOMES[self.gallery.matching.outcome[entry]])
        return Tile(
            picture=self.crop(row, place, entry) if row else SafeString(),
            file_name=row.file_name if row else f"Image {self.table.image_ids[place]}",
            href=fix_url(self.gallery, entry) if row else "",
            title=self.style.name(meant.class_id),
            note=self.missed_note(missed) if missed is not None else self.note(entry),
            match=WORDS[outcome],
            kind=KINDS.get(outcome, "warn"),
        )

    def note(self, box: int) -> str:
        """ "0.91, IoU 0.84" and, where it was compared to an object of another class, which."""
        iou, decided = self.gallery.matching.iou[box], int(self.gallery.matching.decided[box])
        words = [f"{self.table.scores[box]:.2f}"] + ([f"IoU {iou:.2f}"] if decided >= 0 else [])
        if decided >= 0 and self.table.true_classes[decided] != self.table.classes[box]:
            words.append(f"is {self.style.name(int(self.table.true_classes[decided]))}")
        return ", ".join(words)

    def missed_note(self, truth: int) -> str:
        box = int(self.gallery.matching.box[truth])
        return f"found at {self.table.scores[box]:.2f} only" if box >= 0 else ""

    def crop(self, row: Image, place: int, entry: int) -> SafeString:
        """The object meant and the box judged; the image's other labels are faint."""
        is_box = entry < len(self.table)
        partner = int(self.gallery.matching.decided[entry]) if is_box else entry - len(self.table)
        meant = self.shape(entry) if is_box else self.true_shape(partner)
        shapes = [
            draw(self.true_shape(truth), self.style, kind="truth dashed" + " other" * (truth != partner))
            for truth in self.truths(place).tolist()
        ]
        if is_box:
            shapes.append(draw(meant, self.style))
        return cut_out(
            row,
            view_of(meant, row.width, row.height),
            mark_safe("".join(shapes)),  # noqa: S308 - escaped in `draw`
            f"{self.style.name(meant.class_id)} in {row.file_name}",
            ENOUGH_PIXELS,
        )

    def pair(self, place: int) -> ImagePair:
        row = self.row(place)
        truths, found = self.truths(place).tolist(), self.found(place).tolist()
        size = (row.width, row.height) if row else (1, 1)
        labels = [draw(self.true_shape(truth), self.style, kind="truth dashed") for truth in truths]
        boxes = [draw(self.shape(box), self.style) for box in reversed(found)]  # the surest on top
        return ImagePair(
            image=row,
            file_name=row.file_name if row else f"Image {self.table.image_ids[place]}",
            href=row.href if row else "",
            sides=(overlay(*size, labels), overlay(*size, boxes)),
            note=f"{len(truths)} labelled, {len(found)} found",
        )


def shape(class_id: int, box: Boxes) -> Shape:
    return Shape(int(class_id), *box.tolist())


def view_of(box: Shape, image_width: int, image_height: int) -> View:
    """x, y, width and height of what a crop shows: the box with a margin, 4 to 3, inside the image where it fits."""
    width = max((box.x2 - box.x1) * (1 + 2 * MARGIN), SMALLEST_VIEW)
    height = max((box.y2 - box.y1) * (1 + 2 * MARGIN), SMALLEST_VIEW / ASPECT)
    width, height = max(width, height * ASPECT), max(height, width / ASPECT)
    x = inside((box.x1 + box.x2 - width) / 2, width, image_width)
    y = inside((box.y1 + box.y2 - height) / 2, height, image_height)
    return x, y, width, height


def inside(start: float, length: float, room: float) -> float:
    return (room - length) / 2 if length > room else min(max(start, 0.0), room - length)


def fix_url(gallery: Gallery, entry: int) -> str:
    url = reverse("detections:evaluation-fix", args=[gallery.evaluation.pk, entry])
    return f"{url}?iou={gallery.filter.iou:g}"
