"""A model's boxes on a dataset's images, as proposals: none of them is a label until somebody accepts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q

from datasets.bulk import NewBox, insert_rows, new_ids
from datasets.curation.changes import boxes_by_image, record, remember_present
from datasets.geometry import Edges, area, clip_edges, iou
from datasets.models import Box, BulkChange, Image, LabelClass, ReviewState
from datasets.models.annotation import BoxSource

#: A proposal that overlaps a label this much (IoU) would say again what somebody has said of that object.
COVERED = 0.5


@dataclass(frozen=True)
class Proposal:
    """One box to propose: `label_class` is the row id of a class, edges are pixels of the upright image."""

    label_class: int
    score: float
    edges: Edges


@dataclass
class Tally:
    """What became of images and boxes. `passed` images were answered, or are gone, by the time they were written."""

    images: int = 0
    boxes: int = 0
    nothing: int = 0
    passed: int = 0
    covered: int = 0
    unplaced: int = 0

    def add(self, other: Tally) -> None:
        for name, count in vars(other).items():
            setattr(self, name, getattr(self, name) + count)


@dataclass
class Draft:
    """What an image is to hold: labels that stay, proposals that go, and those that come."""

    labels: list[Box]
    outdated: list[Box]
    new: list[NewBox] = field(default_factory=list)

    @property
    def changes(self) -> bool:
        return bool(self.new or self.outdated)

    def sentence(self, who: str) -> str:
        went = f", {len(self.outdated)} earlier proposals removed" if self.outdated else ""
        return f"{len(self.new)} proposed by {who}{went}"


def open_images(also_labelled: bool) -> Q:
    """Images that a model may still say something about; what somebody verified or approved is settled.

    Without `also_labelled` only those that nobody has answered.
    """
    states = [ReviewState.UNLABELLED]
    if also_labelled:
        states += [ReviewState.LABELLED, ReviewState.RETURNED]
    return Q(state__in=states, verified=False, negative=False, defect="")


@transaction.atomic
def propose(
    change: BulkChange, found: Mapping[int, Sequence[Proposal]], who: str, also_labelled: bool = False
) -> Tally:
    """Put proposals on some dozen images (by id) in the place of earlier ones, as a part of `change`.

    Images are looked at again under their lock, so that what people saved meanwhile stands: a box that a label covers
    is not proposed, and images that are answered by now are passed over.
    """
    rows = Image.objects.select_for_update().filter(open_images(also_labelled), dataset=change.dataset_id)
    images = list(rows.filter(pk__in=found).order_by("pk").defer("fingerprint"))
    boxes = boxes_by_image(image.pk for image in images)
    classes = set(LabelClass.objects.filter(dataset=change.dataset_id, retired=False).values_list("pk", flat=True))
    tally = Tally(passed=len(found) - len(images))
    drafts = {image.pk: draft(image, boxes[image.pk], found[image.pk], classes, tally) for image in images}
    touched = [image for image in images if drafts[image.pk].changes]
    remember_present(touched, boxes)
    Box.objects.filter(pk__in=[box.pk for image in touched for box in drafts[image.pk].outdated]).delete()
    insert_rows(Box, [box for image in touched for box in drafts[image.pk].new])
    now: dict[int, list[Box | NewBox]] = {
        image.pk: [*drafts[image.pk].labels, *drafts[image.pk].new] for image in touched
    }
    record(change, touched, now, {image.pk: drafts[image.pk].sentence(who) for image in touched})
    tally.images = sum(bool(drafts[image.pk].new) for image in images)
    tally.nothing = len(images) - tally.images
    tally.boxes = sum(len(each.new) for each in drafts.values())
    change.images += len(touched)
    change.save(update_fields=["images"])
    return tally


def draft(image: Image, boxes: Sequence[Box], found: Sequence[Proposal], classes: set[int], tally: Tally) -> Draft:
    """What the image is to hold. Boxes of classes that are gone, and those without area on it, count as unplaced."""
    ids = new_ids()
    labels = [box for box in boxes if box.source != BoxSource.MODEL]
    planned = Draft(labels, [box for box in boxes if box.source == BoxSource.MODEL])
    for proposal in found:
        edges = clip_edges(proposal.edges, image.width, image.height)
        if proposal.label_class not in classes or area(edges) <= 0:
            tally.unplaced += 1
        elif any(iou(edges, (box.x1, box.y1, box.x2, box.y2)) >= COVERED for box in labels):
            tally.covered += 1
        else:
            box = NewBox(
                next(ids),
                image.pk,
                proposal.label_class,
                *edges,
                difficult=False,
                truncated=False,
                occluded=False,
                pose="",
                source=BoxSource.MODEL.value,
                score=proposal.score,
                created_by_id=None,
            )
            planned.new.append(box)
    return planned
