"""Near duplicates: finding pairs of images that look alike, and what a person decides about one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from datasets.curation.actions import Outcome
from datasets.curation.changes import chunks
from datasets.curation.groups import keep_of_group, like_groups
from datasets.importing.twins import CODES
from datasets.likeness import like_pairs
from datasets.models import Dataset, Decision, LikePair
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
    return {
        "dataset": dataset.name,
        "images": len(ids),
        "pairs": dataset.pairs.count(),
        "open": open_pairs(dataset),
        "groups": len(like_groups(dataset)),
    }


def open_pairs(dataset: Dataset) -> int:
    return dataset.pairs.filter(decision="").count()


def _all_fingerprints(dataset: Dataset, progress: Callable[[int, int, str], None]) -> dict[int, bytes]:
    """By image id, in order of it. The pixels of images that were never looked at are read in pieces."""
    ids = list(dataset.images.filter(defect="").order_by("pk").values_list("pk", flat=True))
    return fingerprints_of(ids, lambda done: progress(done, len(ids), "Looking at the photos"), LOOK_AT_ONCE)


def run_find(context: JobContext, dataset_id: int) -> dict[str, Any] | None:
    """Job: look for near duplicates."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        return None

    def progress(done: int, total: int, message: str) -> None:
        context.step(done, total, f"{message}: {done:,} of {total:,}")

    result = find_pairs(dataset, progress)
    context.progress(1, 1, f"{result['groups']:,} groups of photos wait for a decision.")
    return result


def decide(pair: LikePair, decision: str, user: User | None) -> None:
    """Keep both, same shot, or open again; all can be said anew at any time."""
    if decision not in Decision.values:
        raise UserError("unknown_decision", "Choose one of: keep both, same shot, decide again.", 422)
    pair.decision = decision
    pair.decided_by = user
    pair.decided_at = timezone.now() if decision else None
    pair.save(update_fields=["decision", "decided_by", "decided_at"])


def keep_one(pair: LikePair, keep: int, user: User | None, with_boxes: bool = True) -> Outcome:
    """Delete the other image of the pair; its boxes move over first, where the kept one lacks them.

    Raises:
        UserError: the image to keep is not of this pair, or the two have different shapes, so boxes would not fit.
    """
    if keep not in (pair.first_id, pair.second_id):
        raise UserError("not_of_this_pair", "That photo is not one of the two. Reload the page.", 422)
    return keep_of_group(pair.dataset, (pair.first_id, pair.second_id), keep, user, with_boxes)


def refused_copies(dataset: Dataset, jobs: int = 10) -> list[dict[str, str]]:
    """Files that imports did not take because the same bytes were there already, and what was said about each."""
    imports = Job.objects.filter(kind="import", subject_url=dataset.get_absolute_url(), result__isnull=False)
    found: list[dict[str, str]] = []
    for job in imports.only("result")[:jobs]:
        problems = (job.result or {}).get("problems") or []
        found += [p for p in problems if isinstance(p, dict) and p.get("code") in CODES]
    return found
