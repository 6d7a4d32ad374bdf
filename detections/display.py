"""Photos of batches as pages draw them: a picture, the boxes over it, and where it leads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from datasets.colours import class_colour
from datasets.models import Dataset, DatasetVersion, Image
from datasets.review.hidden import hidden_images
from datasets.versions.manifest import ManifestError, ManifestImage
from detections.models import DetectionBatch, DetectionImage


class Edges(Protocol):
    """A box of some class: a detection, a frozen box, or one of an evaluation."""

    @property
    def class_id(self) -> int: ...
    @property
    def x1(self) -> float: ...
    @property
    def y1(self) -> float: ...
    @property
    def x2(self) -> float: ...
    @property
    def y2(self) -> float: ...


@dataclass(frozen=True)
class ClassStyle:
    """Names and colours of a label map's ids."""

    names: dict[int, str]
    colours: dict[int, str]

    def name(self, class_id: int) -> str:
        return self.names.get(class_id, f"class {class_id}")

    def colour(self, class_id: int) -> str:
        return self.colours.get(class_id, class_colour(class_id))


@dataclass(frozen=True)
class Photo:
    """One tile: `href` is empty when there is nothing to open; `note` says what the boxes cannot.

    `count` is the number of boxes that the threshold leaves.
    """

    thumb_url: str
    large_thumb_url: str
    file_name: str
    href: str
    overlay: SafeString
    note: str = ""
    count: int | None = None


def class_style(names: dict[int, str], dataset: Dataset) -> ClassStyle:
    return ClassStyle(names, dict(dataset.classes.values_list("number", "colour")))


def batch_photos(batch: DetectionBatch, images: Sequence[DetectionImage], user: Any) -> list[Photo]:
    """Tiles of a batch: predicted boxes solid, true boxes (when there are any) dashed. Five queries at most."""
    style = class_style(batch.model.label_map, batch.model.run.version.dataset)
    rows = dataset_images(image.image_id for image in images)
    frozen, truth_style = frozen_images(batch.version, [image.image_id or 0 for image in images], user)
    photos = []
    for image in images:
        row = rows.get(image.image_id or 0)
        truth = frozen.get(image.image_id or 0)
        shapes = [draw(box, truth_style, kind="truth dashed") for box in (truth.boxes if truth else ())]
        detections = list(image.detections.all())
        shapes += [draw(box, style, score=box.score) for box in reversed(detections)]  # the best on top
        photos.append(
            Photo(
                thumb_url=row.thumb_url if row else file_url(image),
                large_thumb_url=row.large_thumb_url if row else "",
                file_name=image.file_name,
                href=row.href if row else file_url(image),
                overlay=overlay(image.width, image.height, shapes),
                note="" if detections else "nothing found",
                count=len(detections) or None,
            )
        )
    return photos


def dataset_images(ids: Iterable[int | None]) -> dict[int, Image]:
    """The dataset's own rows, as far as they are still there."""
    return Image.objects.only("pk", "sha256").in_bulk([number for number in ids if number])


def frozen_images(
    version: DatasetVersion | None, ids: Iterable[int], user: Any
) -> tuple[dict[int, ManifestImage], ClassStyle]:
    """What a version says of those images whose labels the person may see.

    Nothing when there is no version, or its file is gone.
    """
    if version is None:
        return {}, ClassStyle({}, {})
    try:
        manifest = version.manifest()
    except ManifestError:
        return {}, ClassStyle({}, {})
    hidden = hidden_images(user, version.dataset).ids
    return manifest.with_ids([pk for pk in ids if pk not in hidden]), class_style(manifest.classes, version.dataset)


def file_url(image: DetectionImage) -> str:
    return reverse("detections:file", args=[image.pk])


def draw(box: Edges, style: ClassStyle, kind: str = "", score: float | None = None) -> SafeString:
    """One box in its class colour on a dark casing; with a `score` the threshold slider can hide it."""
    d = f"M{box.x1:.1f} {box.y1:.1f}H{box.x2:.1f}V{box.y2:.1f}H{box.x1:.1f}z"
    name, colour = style.name(box.class_id), style.colour(box.class_id)
    if score is None:
        head = format_html("<g><title>{}</title>", name)
    else:
        head = format_html('<g data-score="{}"><title>{} {}</title>', f"{score:.4f}", name, f"{score:.2f}")
    shape = '{}<path class="case {}" d="{}"/><path class="box {}" stroke="{}" d="{}"/></g>'
    return format_html(shape, head, kind, d, kind, colour, d)


def overlay(width: int, height: int, shapes: Iterable[SafeString]) -> SafeString:
    """Boxes as one SVG over the picture. Built here because a page holds hundreds of them."""
    frame = '<svg viewBox="0 0 {} {}" aria-hidden="true">{}</svg>'
    return format_html(frame, width, height, mark_safe("".join(shapes)))  # noqa: S308 - escaped in `draw`
