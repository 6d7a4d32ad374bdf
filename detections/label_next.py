"""Which photos to label next: those the model is unsure of, and among them those that differ from one another.

Uncertainty of a photo is that of its most uncertain box (Brust, Käding, Denzler, "Active Learning for Deep Object
Detection", 2019, aggregation by maximum), the entropy of its score. Of the most uncertain photos, `POOL` times as many
as are wanted, a spread-out part is chosen by k-center greedy (Sener, Savarese, "Active Learning for Convolutional
Neural Networks: A Core-Set Approach", 2018), the two stages following Yang, Huang, Crowley, "Plug and Play Active
Learning for Object Detection", 2024. Photos are told apart by the perceptual hashes and colours that the site keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from django.db import transaction
from django.db.models import Max
from numpy.typing import NDArray

from datasets import likeness
from datasets.browsing import GridFilter
from datasets.curation.changes import chunks
from datasets.models import Dataset, Image, ReviewState, SavedView
from detections.inference import check_model
from detections.models import BatchSource, Detection, DetectionBatch
from sw_site.lib.errors import UserError
from training.models import TrainedModel

if TYPE_CHECKING:
    from sw_site.accounts.models import User

#: How many candidates there are for each photo that is chosen.
POOL = 5
MOST = 2000
DEFAULT_COUNT = 50
HASHES = 2 * likeness.HASH_BYTES


def entropy(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a yes or no that is yes with these probabilities, in bits: 1 at 0.5, and 0 at 0 and 1."""
    p = np.clip(scores, 1e-9, 1 - 1e-9)
    return -(p * np.log2(p) + (1 - p) * np.log2(1 - p))


def uncertainties(batch: DetectionBatch) -> dict[int, float]:
    """Image id -> entropy of its most uncertain box, 0 to 1; 0 where the model found nothing at all."""
    rows = batch.images.exclude(image_id=None).values_list("image_id", flat=True)
    found = {pk: 0.0 for pk in rows if pk is not None}
    boxes = Detection.objects.filter(image__batch=batch).order_by().values_list("image__image_id", "score")
    pairs = list(boxes)
    for (pk, _), value in zip(pairs, entropy(np.array([score for _, score in pairs])).tolist(), strict=True):
        if pk in found:
            found[pk] = max(found[pk], value)
    return found


def k_center(distances: NDArray[np.float64], count: int) -> list[int]:
    """Places of `count` rows, the first row among them, each the farthest from those before (Gonzalez, 1985).

    `distances` is [n, n]; ties go to the row that comes first.
    """
    chosen = [0]
    nearest = distances[0].copy()
    nearest[0] = -1.0
    while len(chosen) < min(count, len(distances)):
        place = int(np.argmax(nearest))
        chosen.append(place)
        nearest = np.minimum(nearest, distances[place])
        nearest[chosen] = -1.0
    return chosen


def distances_of(prints: Sequence[bytes | None]) -> NDArray[np.float64]:
    """[n, n], 0 to 2: share of hash bits that differ, and mean distance of colours; 1 to photos without a print."""
    there = np.array([print_ is not None for print_ in prints])
    blank = bytes(likeness.LENGTH)
    table = np.frombuffer(b"".join(p or blank for p in prints), np.uint8).reshape(len(prints), likeness.LENGTH)
    hashes, colours = table[:, :HASHES], table[:, HASHES:].astype(np.float32) / 255
    result = np.empty((len(prints), len(prints)))
    for row in range(len(prints)):
        bits = np.bitwise_count(hashes ^ hashes[row]).sum(-1, dtype=np.int64) / (8 * HASHES)
        result[row] = bits + np.sqrt(((colours - colours[row]) ** 2).mean(-1))
        result[row][~there | ~there[row]] = 1.0
        result[row, row] = 0.0
    return result


def choose(batch: DetectionBatch, count: int) -> list[int]:
    """Ids of the photos to label next, the most telling first; of those that still have no answer."""
    values = uncertainties(batch)
    still: set[int] = set()
    for chunk in chunks(list(values), 500):
        rows = Image.objects.filter(pk__in=chunk, state=ReviewState.UNLABELLED, negative=False, defect="")
        still.update(rows.values_list("pk", flat=True))
    pool = sorted(still, key=lambda pk: (-values[pk], pk))[: POOL * count]
    if not pool:
        return []
    prints: dict[int, bytes | None] = {}
    for chunk in chunks(pool, 500):
        rows_of = Image.objects.filter(pk__in=chunk).values_list("pk", "fingerprint")
        prints |= {pk: bytes(print_) if print_ else None for pk, print_ in rows_of}
    return [pool[place] for place in k_center(distances_of([prints.get(pk) for pk in pool]), count)]


@transaction.atomic
def prepare(
    model: TrainedModel, dataset: Dataset, query: str, count: int, name: str, user: User
) -> tuple[DetectionBatch, list[int], SavedView]:
    """The batch that will hold what the model finds, the photos it is about, and the view of those chosen (empty yet).

    Raises UserError when nothing is left to choose from, or the view's name is one of a saved filter.
    """
    if not 1 <= count <= MOST:
        raise UserError("bad_count", f"Choose from 1 to {MOST:,} photos.", 422)
    check_model(model)
    found = GridFilter.parse_strictly(query)
    rows = found.apply(dataset, user).filter(state=ReviewState.UNLABELLED, negative=False, defect="")
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    if not ids:
        raise UserError("all_labelled", "Every photo of this filter has an answer or is damaged. Choose another one.")
    view, _ = SavedView.objects.get_or_create(dataset=dataset, user=user, name=name.strip()[:100] or free_name(dataset))
    if view.query:
        raise UserError("view_is_filter", f"“{view.name}” is a saved filter. Choose another name.", 422)
    batch = DetectionBatch.objects.create(
        model=model, source=BatchSource.FILTER, dataset=dataset, query=found.query_string(), created_by=user
    )
    return batch, ids, view


def free_name(dataset: Dataset) -> str:
    last = dataset.views.aggregate(last=Max("pk"))["last"] or 0
    return f"Label next {last + 1}"


def fill(view: SavedView, chosen: Sequence[int]) -> int:
    """Put exactly these photos into the view; those that are gone by now are not."""
    view.images.set(Image.objects.filter(dataset=view.dataset_id, pk__in=chosen))
    return view.images.count()
