"""Photos that look alike, as groups: everything that is reached from a photo by pairs that are still to be decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from datasets.curation.actions import Outcome, photos
from datasets.curation.changes import chunks
from datasets.curation.moving import move_boxes
from datasets.models import Dataset, Decision, Image
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User


@dataclass(frozen=True)
class LikeGroup:
    """Image ids in order, the pairs between them, and how many bits apart the nearest two are."""

    images: tuple[int, ...]
    pairs: tuple[int, ...]
    bits: int
    decision: str

    def as_json(self) -> dict[str, object]:
        return {"images": list(self.images), "bits": self.bits, "decision": self.decision}


def like_groups(dataset: Dataset, decided: bool = False) -> list[LikeGroup]:
    """Groups of undecided pairs, or of pairs that were decided in the same way; the nearest first."""
    pairs = dataset.pairs.exclude(decision="") if decided else dataset.pairs.filter(decision="")
    rows = list(pairs.order_by("bits", "pk").values_list("pk", "first", "second", "bits", "decision"))
    members: dict[int, tuple[set[int], list[int], int, str]] = {}
    for number, (pk, first, second, bits, decision) in zip(_component_of(rows), rows, strict=True):
        images, ids, _, _ = members.setdefault(number, (set(), [], bits, decision))
        images |= {first, second}
        ids.append(pk)
    return [LikeGroup(tuple(sorted(images)), tuple(ids), bits, said) for images, ids, bits, said in members.values()]


def _component_of(rows: Sequence[tuple[int, int, int, int, str]]) -> list[int]:
    """The number of the connected component of each pair; decisions never join."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if not rows:
        return []
    places: dict[tuple[str, int], int] = {}
    ends = [
        [places.setdefault((decision, image), len(places)) for image in (first, second)]
        for _, first, second, _, decision in rows
    ]
    firsts, seconds = zip(*ends, strict=True)
    graph = coo_matrix(([True] * len(rows), (firsts, seconds)), shape=(len(places), len(places)))
    labels = connected_components(graph, directed=False)[1]
    return [int(labels[place]) for place in firsts]


def decide_group(dataset: Dataset, images: Sequence[int], decision: str, user: User | None) -> int:
    """Say the same of all pairs among these images; how many there are.

    Raises:
        UserError: no such decision, or no pair among them.
    """
    if decision not in Decision.values:
        raise UserError("unknown_decision", "Choose one of: keep both, same shot, decide again.", 422)
    among = set(images)
    rows = dataset.pairs.filter(first__in=among).values_list("pk", "first", "second")
    wanted = [pk for pk, first, second in rows if {first, second} <= among]
    if not wanted:
        raise gone()
    values = {"decision": decision, "decided_by": user, "decided_at": timezone.now() if decision else None}
    return sum(dataset.pairs.filter(pk__in=chunk).update(**values) for chunk in chunks(wanted))


def keep_of_group(
    dataset: Dataset, images: Sequence[int], keep: int, user: User | None, with_boxes: bool = True
) -> Outcome:
    """Delete the other images; their boxes move over to `keep` first, where it lacks them. All of it, or nothing.

    Raises:
        UserError: the images are not one group with `keep` in it (any more), or boxes do not fit the shape of `keep`.
    """
    others = sorted(set(images) - {keep})
    if not others or not any({keep, *others} <= set(group) for group in _all_groups(dataset)):
        raise gone()
    with transaction.atomic():
        rows = Image.objects.filter(dataset=dataset).defer("fingerprint").in_bulk([keep, *others])
        if len(rows) <= len(others):
            raise gone()
        kept = rows.pop(keep)
        moved, change = move_boxes(kept, [rows[pk] for pk in others], user) if with_boxes else (0, None)
        for chunk in chunks(others):
            dataset.images.filter(pk__in=chunk).delete()
    what = next(iter(rows.values())).file_name if len(rows) == 1 else photos(len(rows))
    said = f", {moved} {'of its' if len(rows) == 1 else 'of their'} boxes moved over" if moved else ""
    verb = "is" if len(rows) == 1 else "are"
    return Outcome(f"{what} {verb} deleted{said}; {kept.file_name} stays.", len(rows), 0, change)


def _all_groups(dataset: Dataset) -> list[tuple[int, ...]]:
    return [group.images for decided in (False, True) for group in like_groups(dataset, decided)]


def gone() -> UserError:
    return UserError(
        "no_such_group", "These photos are not a group any more: one was deleted or decided. Reload the page.", 404
    )
