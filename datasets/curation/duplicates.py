"""Near duplicates: finding pairs of images that look alike, and what a person decides about each."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from datasets.curation.actions import Outcome
from datasets.curation.changes import boxes_by_image, change_images, chunks
from datasets.geometry import clip_edges
from datasets.importing.twins import CODES
from datasets.likeness import like_pairs
from datasets.models import Box, Dataset, Decision, Image, LikePair
from datasets.versions.shots import fingerprints_of
from sw_site.jobs.context import JobContext
from sw_site.jobs.models import Job
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sw_site.accounts.models import User

#: Partners that one image brings in; frames of a film would make thousands.
PARTNERS = 4
LOOK_AT_ONCE = 256
#: Two boxes of a class that overlap this much (IoU) are the same box when labels are moved over.
SAME_BOX = 0.8
#: Boxes are only moved over where the shapes of the two pictures differ by less than this share.
SHAPE_TOLERANCE = 0.02


def find_pairs(dataset: Dataset, progress: Callable[[int, int, str], None] = lambda *_: None) -> dict[str, Any]:
    """Look for pairs anew. Decisions are kept; pairs that no longer look alike and were not decided go away."""
    prints = _all_fingerprints(dataset, progress)
    ids = list(prints)
    pairs = (
        like_pairs(list(prints.values()), PARTNERS, lambda done: progress(done, len(ids), "Comparing")) if ids else []
    )
    found = {(ids[first], ids[second]): bits for first, second, bits in pairs}
    with transaction.atomic():
        here = set(dataset.images.order_by().values_list("pk", flat=True))  # some may have been deleted meanwhile
        known = {(p.first_id, p.second_id): p for p in dataset.pairs.all()}
        for gone in chunks([p.pk for key, p in known.items() if key not in found]):
            dataset.pairs.filter(decision="", pk__in=gone).delete()
        new = [
            LikePair(dataset=dataset, first_id=first, second_id=second, bits=bits)
            for (first, second), bits in found.items()
            if (first, second) not in known and {first, second} <= here
        ]
        LikePair.objects.bulk_create(new, batch_size=500, ignore_conflicts=True)  # two people may look at once
    return {"dataset": dataset.name, "images": len(ids), "pairs": dataset.pairs.count(), "open": open_pairs(dataset)}


def open_pairs(dataset: Dataset) -> int:
    return dataset.pairs.filter(decision="").count()


def _all_fingerprints(dataset: Dataset, progress: Callable[[int, int, str], None]) -> dict[int, bytes]:
    """By image id, in order of it. The pixels of images that were never looked at are read in pieces."""
    ids = list(dataset.images.filter(defect="").order_by("pk").values_list("pk", flat=True))
    prints: dict[int, bytes] = {}
    for start in range(0, len(ids), LOOK_AT_ONCE):
        chunk = ids[start : start + LOOK_AT_ONCE]
        rows = Image.objects.filter(pk__in=chunk).order_by("pk").only("pk", "file", "sha256", "fingerprint")
        prints |= fingerprints_of(list(rows))
        progress(start + len(chunk), len(ids), "Looking at the photos")
    return prints


def run_find(context: JobContext, dataset_id: int) -> dict[str, Any] | None:
    """Job: look for near duplicates."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        return None

    def progress(done: int, total: int, message: str) -> None:
        context.step(done, total, f"{message}: {done:,} of {total:,}")

    result = find_pairs(dataset, progress)
    context.progress(1, 1, f"{result['open']:,} pairs wait for a decision.")
    return result


def decide(pair: LikePair, decision: str, user: User | None) -> None:
    """Keep both, same shot, or open again; all can be said anew at any time."""
    if decision not in Decision.values:
        raise UserError("unknown_decision", "Choose one of: keep both, same shot, decide again.", 422)
    pair.decision = decision
    pair.decided_by = user
    pair.decided_at = timezone.now() if decision else None
    pair.save(update_fields=["decision", "decided_by", "decided_at"])


def keep_one(pair: LikePair, keep: int, user: User | None, move_boxes: bool = True) -> Outcome:
    """Delete the other image of the pair; its boxes move over first, where the kept one lacks them.

    Raises:
        UserError: the image to keep is not of this pair, or the two have different shapes, so boxes would not fit.
    """
    if keep not in (pair.first_id, pair.second_id):
        raise UserError("not_of_this_pair", "That photo is not one of the two. Reload the page.", 422)
    kept = Image.objects.get(pk=keep)
    other = Image.objects.get(pk=pair.second_id if keep == pair.first_id else pair.first_id)
    with transaction.atomic():
        moved, change = _move_boxes(kept, other, user) if move_boxes else (0, None)
        other.delete()
    said = f", {moved} of its boxes moved over" if moved else ""
    return Outcome(f"{other.file_name} is deleted{said}; {kept.file_name} stays.", 1, 0, change)


def _move_boxes(kept: Image, other: Image, user: User | None) -> tuple[int, Any]:
    boxes = boxes_by_image([kept.pk, other.pk])
    missing = _missing(kept, other, boxes[kept.pk], boxes[other.pk])
    if not missing:
        return 0, None

    def edit(image: Image, present: list[Box]) -> list[Box]:
        Box.objects.bulk_create(missing)
        present.extend(missing)
        image.negative = False
        return []

    change = change_images(kept.dataset, [kept.pk], edit, f"{len(missing)} added from {other.file_name}", user)
    return len(missing), change


def _missing(kept: Image, other: Image, present: Sequence[Box], offered: Sequence[Box]) -> list[Box]:
    """Boxes of the other image, scaled to the kept one, that it does not have yet."""
    across, down = kept.width / other.width, kept.height / other.height
    if offered and abs(across / down - 1) > SHAPE_TOLERANCE:
        raise UserError(
            "shapes_differ",
            "The two photos have different shapes, so the boxes of one do not fit the other. "
            "Delete the photo without moving its boxes, or keep both.",
            409,
        )
    found = []
    for box in offered:
        edges = (box.x1 * across, box.y1 * down, box.x2 * across, box.y2 * down)
        twins = (b for b in present if b.label_class_id == box.label_class_id and iou(edges, _edges(b)) >= SAME_BOX)
        if next(twins, None) is None:
            found.append(_copy(box, kept, clip_edges(edges, kept.width, kept.height)))
    return found


def _copy(box: Box, image: Image, edges: tuple[float, float, float, float]) -> Box:
    copy = Box(id=uuid.uuid4(), image=image, label_class_id=box.label_class_id, pose=box.pose, source=box.source)
    copy.x1, copy.y1, copy.x2, copy.y2 = edges
    copy.difficult, copy.truncated, copy.occluded = box.difficult, box.truncated, box.occluded
    copy.score, copy.created_by_id, copy.tags = box.score, box.created_by_id, box.tags
    return copy


def _edges(box: Box) -> tuple[float, float, float, float]:
    return box.x1, box.y1, box.x2, box.y2


def iou(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Intersection over union of two boxes with area, given as edges x1, y1, x2, y2."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def refused_copies(dataset: Dataset, jobs: int = 10) -> list[dict[str, str]]:
    """Files that imports did not take because the same bytes were there already, and what was said about each."""
    imports = Job.objects.filter(kind="import", subject_url=dataset.get_absolute_url(), result__isnull=False)
    found: list[dict[str, str]] = []
    for job in imports.only("result")[:jobs]:
        problems = (job.result or {}).get("problems") or []
        found += [p for p in problems if isinstance(p, dict) and p.get("code") in CODES]
    return found
