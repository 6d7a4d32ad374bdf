"""Boxes inside their images, of classes of their dataset, counted right, and as the history says they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Max, Q

from datasets.geometry import clip_edges
from datasets.models import Box, Image, Revision
from datasets.saving import LEAST_SIDE, SAME_PIXEL, Changes, write_changes
from datasets.traits import refresh_traits, traits_of
from sw_site.lib.findings import Finding, Scope
from sw_site.lib.turns import in_turn

AT_ONCE = 500
COUNTED = ("image_id", "label_class_id", "x1", "y1", "x2", "y2", "difficult", "truncated", "occluded", "source")
OUTSIDE = (
    Q(x1__lt=-SAME_PIXEL)
    | Q(y1__lt=-SAME_PIXEL)
    | Q(x2__gt=F("image__width") + SAME_PIXEL)
    | Q(y2__gt=F("image__height") + SAME_PIXEL)
    | Q(x1__gte=F("x2"))
    | Q(y1__gte=F("y2"))
)


def check_labels(scope: Scope) -> Iterator[Finding]:
    yield from boxes_outside()
    yield from foreign_classes()
    for images in chunks():
        scope.count("images", len(images))
        scope.count("boxes", sum(image.box_count for image in images))
        for image in doubtful(images):
            yield from sure_of(image)


def chunks() -> Iterator[list[Image]]:
    """All images by id, a few hundred at a time, so that no query stays open while people save."""
    last = 0
    rows = Image.objects.order_by("pk").select_related("dataset").defer("fingerprint", "tags", "note")
    while images := list(rows.filter(pk__gt=last)[:AT_ONCE]):
        yield images
        last = images[-1].pk


def boxes_outside() -> Iterator[Finding]:
    wrong = Box.objects.filter(OUTSIDE).order_by().values_list("image_id", flat=True)
    for pk in sorted(set(wrong)):
        image = Image.objects.select_related("dataset").get(pk=pk)
        boxes = list(image.boxes.filter(OUTSIDE))
        lost = any(_area_is_lost(image, box) for box in boxes)
        yield Finding(
            "box_outside_image",
            _name(image),
            f"{_boxes(len(boxes))} beyond the photo ({image.width} × {image.height} pixels). "
            + ("Open it and draw anew what nothing is left of." if lost else "Mending cuts them to it, as a revision."),
            None if lost else partial(cut_to_image, pk),
        )


def _boxes(count: int) -> str:
    return "1 box reaches" if count == 1 else f"{count} boxes reach"


def _fitted(image: Image, box: Box) -> tuple[float, float, float, float]:
    return clip_edges((box.x1, box.y1, box.x2, box.y2), image.width, image.height)


def _area_is_lost(image: Image, box: Box) -> bool:
    x1, y1, x2, y2 = _fitted(image, box)
    return not min(x2 - x1, y2 - y1) >= LEAST_SIDE  # not a number counts as lost


@in_turn()
@transaction.atomic
def cut_to_image(pk: int) -> bool:
    """Cut the boxes of an image to it, as a revision of its own that can be undone."""
    image = Image.objects.select_for_update().select_related("dataset").get(pk=pk)
    boxes = list(image.boxes.all())
    if any(_area_is_lost(image, box) for box in boxes):
        return False
    changed = [box for box in boxes if _fitted(image, box) != (box.x1, box.y1, box.x2, box.y2)]
    for box in changed:
        box.x1, box.y1, box.x2, box.y2 = _fitted(image, box)
    said = "boxes cut to the photo by a check of the site"
    changes = Changes(changed=changed)
    write_changes(image, boxes, changes, None, verified=image.verified, negative=image.negative, summary=said)
    return True


def foreign_classes() -> Iterator[Finding]:
    wrong = Box.objects.exclude(label_class__dataset=F("image__dataset")).select_related(
        "image__dataset", "label_class"
    )
    for box in wrong.iterator():
        yield Finding(
            "box_of_foreign_class",
            _name(box.image),
            f"A box has the class “{box.label_class}” of another dataset. Open the photo and choose another.",
        )


def doubtful(images: Sequence[Image]) -> list[Image]:
    """Those whose counts or history do not fit what was read; a save in between looks the same, so see `sure_of`."""
    return [image for image, facts in zip(images, facts_of(images), strict=True) if problems_of(image, facts)]


def facts_of(images: Sequence[Image]) -> list[dict[str, Any]]:
    """Of each image: its box rows, how many revisions it has, the highest number, and the box ids the last one has."""
    ids = [image.pk for image in images]
    boxes: dict[int, list[Box]] = defaultdict(list)
    for box in Box.objects.filter(image__in=ids).order_by().only(*COUNTED):
        boxes[box.image_id].append(box)
    counted = Revision.objects.filter(image__in=ids).order_by().values("image_id")
    history = {row["image_id"]: row for row in counted.annotate(count=Count("pk"), top=Max("number"))}
    latest = Revision.objects.filter(image__in=ids, number=F("image__revision")).order_by()
    states = {row[0]: {box["id"] for box in row[1]} for row in latest.values_list("image_id", "boxes")}
    none = {"count": 0, "top": 0}
    return [{"boxes": boxes[pk], "state": states.get(pk), **history.get(pk, none)} for pk in ids]


def problems_of(image: Image, facts: dict[str, Any]) -> list[str]:
    """Codes of what does not fit."""
    found = []
    if (image.box_count, image.box_traits) != traits_of(facts["boxes"]):
        found.append("box_counts_wrong")
    if facts["top"] != image.revision or facts["count"] != image.revision:
        found.append("revisions_missing")
    elif image.revision and facts["state"] != {str(box.pk) for box in facts["boxes"]}:
        found.append("boxes_differ_from_history")
    return found


@transaction.atomic
def sure_of(image: Image) -> list[Finding]:
    """Look again while nobody can save the image."""
    image = Image.objects.select_for_update().select_related("dataset").get(pk=image.pk)
    facts = facts_of([image])[0]
    return [finding_of(code, image, facts) for code in problems_of(image, facts)]


def finding_of(code: str, image: Image, facts: dict[str, Any]) -> Finding:
    if code == "box_counts_wrong":
        message = (
            f"The row says {image.box_count} boxes, or other sorts of boxes, than the {len(facts['boxes'])} it has; "
        )
        return Finding(
            code, _name(image), message + "filters of the grid go wrong. Mending counts again.", _recount(image)
        )
    if code == "revisions_missing":
        message = f"It is at revision {image.revision}, and {facts['count']} revisions are kept, up to {facts['top']}. "
        return Finding(
            code, _name(image), message + "The boxes are as they were last saved; part of the history is lost."
        )
    message = (
        f"The last revision has {len(facts['state'])} boxes, and not the same as the {len(facts['boxes'])} it has. "
    )
    return Finding(code, _name(image), message + "Open its history and restore the revision that is right.")


def _recount(image: Image) -> Any:
    def mend() -> bool:
        refresh_traits([image.pk])
        return True

    return mend


def _name(image: Image) -> str:
    return f"image {image.pk} ({image.file_name}) of {image.dataset.name}"
