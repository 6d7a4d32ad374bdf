"""What the answers to a search came to: how many of the doubted places were mistakes, in all and by kind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Count, Q

from datasets.labels import box_as_json
from datasets.models import Box
from datasets.models.annotation import BoxSource
from detections.metrics.table import POOR_IOU
from detections.mistake_models import Answer, Kind, MistakeSearch, Suspicion
from detections.mistakes.places import overlap, same_label


@dataclass(frozen=True)
class Yield:
    """Of `judged` suspicions `mistakes` were mistakes; `open` wait.

    `unchanged` were opened in the editor and left as they were, which says neither: they are not judged.
    """

    open: int = 0
    judged: int = 0
    mistakes: int = 0
    unchanged: int = 0

    @property
    def share(self) -> float | None:
        return self.mistakes / self.judged if self.judged else None

    def __add__(self, other: Yield) -> Yield:
        return Yield(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Yield)))


def yields(search: MistakeSearch, user: Any = None) -> dict[str, Yield]:
    """By kind, and of all together under an empty name, of those the person may see; at most four queries."""
    suspicions = search.suspicions_for(user)
    rows = suspicions.order_by().values("kind").annotate(
        waiting=Count("pk", filter=Q(answer=Answer.OPEN)),
        right=Count("pk", filter=Q(answer=Answer.RIGHT)),
        taken=Count("pk", filter=Q(answer=Answer.TAKEN)),
    )  # fmt: skip
    edited = list(suspicions.filter(answer=Answer.EDITED))
    changed = {row.pk for row in changed_since(edited)}
    fixed = Counter(row.kind for row in edited if row.pk in changed)
    left = Counter(row.kind for row in edited if row.pk not in changed)
    found = {}
    for row in rows:
        kind, mistakes = row["kind"], row["taken"] + fixed[row["kind"]]
        found[kind] = Yield(row["waiting"], row["right"] + mistakes, mistakes, left[kind])
    return {"": sum(found.values(), Yield()), **{str(kind): found[kind] for kind in Kind.values if kind in found}}


def changed_since(edited: Iterable[Suspicion]) -> list[Suspicion]:
    """Those whose label is no longer what it was; of a missing one, where a label was drawn after the answer."""
    edited = list(edited)
    if not edited:
        return []
    labels = {str(box.pk): box for box in Box.objects.filter(pk__in=[row.was["id"] for row in edited if row.was])}
    drawn: dict[int, list[Box]] = defaultdict(list)
    images = {row.image_id for row in edited if not row.was}
    for box in Box.objects.filter(image__in=images).exclude(source=BoxSource.MODEL):
        drawn[box.image_id].append(box)
    return [
        row
        for row in edited
        if (not same_label(labels.get(row.was["id"]), row.was) if row.was else was_drawn(row, drawn[row.image_id]))
    ]


def was_drawn(row: Suspicion, boxes: Iterable[Box]) -> bool:
    """Whether one of the image's labels was drawn where one seemed to be missing, of whatever class."""
    place: dict[str, Any] = row.proposal or {}
    later = [box for box in boxes if row.answered_at and box.created_at >= row.answered_at]
    return any(overlap(box_as_json(box), place) >= POOR_IOU for box in later)
