"""Pre-label: a model run over a filter's images, what it finds put on them as proposals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max

from datasets.browsing import GridFilter
from datasets.curation.changes import chunks
from datasets.models import BulkChange, Dataset
from detections.batches import image_sources
from detections.evaluation import Progress
from detections.inference import Detected, Problem, check_model, detect_images, load_predictor
from detections.proposals import Proposal, Tally, open_images, propose
from detections.targets import Answers, Targets, check_targets, find_targets
from sw_site.lib.errors import UserError
from training.models import TrainedModel

if TYPE_CHECKING:
    from sw_site.accounts.models import User

#: Images whose results are written together: a lock is held for a moment, and a cancel loses seconds of work.
CHUNK = 32
DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True)
class Wish:
    """How to pre-label: boxes from `threshold` on; images that have labels only with `also_labelled`."""

    query: str = ""
    threshold: float = DEFAULT_THRESHOLD
    also_labelled: bool = False


@dataclass(frozen=True)
class Prepared:
    """What a job needs: a change to write to, and its payload."""

    change: BulkChange
    images: int
    payload: dict[str, Any]


def images_to_prelabel(dataset: Dataset, wish: Wish) -> list[int]:
    """Ids of the filter's images that are open to proposals, in the order they are worked through."""
    rows = GridFilter.parse_strictly(wish.query).apply(dataset).filter(open_images(wish.also_labelled))
    return list(rows.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def prepare(model: TrainedModel, dataset: Dataset, wish: Wish, answers: Answers, user: User | None) -> Prepared:
    """Check everything and make the change. Raises UserError when there is nothing to do, or classes differ."""
    if not 0 <= wish.threshold <= 1:
        raise UserError("bad_threshold", "The threshold is a score from 0 to 1, for example 0.5.", 422)
    check_model(model)
    ids = images_to_prelabel(dataset, wish)
    if not ids:
        raise UserError(
            "nothing_to_prelabel",
            "No photo of this filter is open: each has an answer, or is damaged. Choose another filter, or let "
            "photos that have labels be looked at as well.",
        )
    targets = find_targets(model, dataset, answers)
    change = BulkChange.objects.create(dataset=dataset, user=user, summary=f"pre-labelled with {model.name}"[:200])
    payload = {"change_id": change.pk, "model_id": model.pk, "ids": ids, "wish": asdict(wish), "targets": targets}
    return Prepared(change, len(ids), payload)


def prelabel(
    change: BulkChange,
    model: TrainedModel,
    ids: Sequence[int],
    wish: Wish,
    targets: dict[str, int],
    progress: Progress,
) -> tuple[Tally, list[Problem]]:
    """Detect and propose, some dozen images at a time. What is written already is passed over, so it can go on."""
    if change.undone_at:
        raise UserError("taken_back", "These proposals have been taken back. Start a new pre-labelling.")
    classes = check_targets(targets, change.dataset)
    predictor = load_predictor(model)
    last = change.revisions.aggregate(last=Max("image"))["last"] or 0
    todo = [pk for pk in ids if pk > last]
    tally, done = Tally(), len(ids) - len(todo)
    problems: list[Problem] = []
    for chunk in chunks(todo, CHUNK):
        found: dict[int, list[Proposal]] = {}
        sources = image_sources(chunk)
        tally.passed += len(chunk) - len(sources)  # deleted meanwhile
        done += len(chunk) - len(sources)
        for result in detect_images(predictor, sources):
            progress(done, len(ids), f"{done:,} of {len(ids):,} photos")
            if isinstance(result, Problem):
                problems.append(result)
            else:
                found[result.source.image_id or 0] = proposals_of(result, wish.threshold, classes)
            done += 1
        tally.add(propose(change, found, model.name, wish.also_labelled))
    return tally, problems


def proposals_of(found: Detected, threshold: float, targets: Targets) -> list[Proposal]:
    """What was found on one image, in the dataset's classes."""
    kept = found.detections.above(threshold)
    rows = zip(kept.class_ids.tolist(), kept.scores.tolist(), kept.boxes.tolist(), strict=True)
    return [
        Proposal(targets[class_id], score, (x1, y1, x2, y2))
        for class_id, score, (x1, y1, x2, y2) in rows
        if class_id in targets
    ]


def sentence(tally: Tally) -> str:
    """What came of it, for people."""
    said = [f"{tally.boxes:,} boxes proposed on {tally.images:,} photos"]
    for count, words in (
        (tally.nothing, "photos without a new box"),
        (tally.covered, "boxes left out where a label is"),
        (tally.passed, "photos answered meanwhile"),
        (tally.unplaced, "boxes outside the photo or of a class that is gone"),
    ):
        if count:
            said.append(f"{count:,} {words}")
    return "; ".join(said) + "."
