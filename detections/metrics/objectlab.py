"""ObjectLab's scores of single boxes, by cleanlab: how well each label, and each sure prediction, fits the other side.

Tkachenko, Thyagarajan and Mueller, "ObjectLab: Automated Diagnosis of Mislabeled Images in Object Detection Data"
(2023). Every score lies between 0 and 1; low means that the label is probably wrong, NaN that nothing is said.

cleanlab brings pandas and scikit-learn (160 MB of memory), so it runs in a process of its own:

    python -m detections.metrics.objectlab HIGH LOW < table.npz > scores.npz
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detections.metrics.table import Table

ROOT = Path(__file__).resolve().parents[2]
Scores = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BoxScores:
    """`overlooked` [P] of predicted boxes, `badly_placed` and `swapped` [T] of true boxes."""

    overlooked: Scores
    badly_placed: Scores
    swapped: Scores


def box_scores(table: Table, high: float, low: float) -> BoxScores:
    """`high`: score from which a prediction may speak of a missing label or another class; `low`: of a place.

    Raises RuntimeError when the process could not do it.
    """
    count = int(np.searchsorted(-table.scores, -low, side="right"))  # no score looks at the rest, and cleanlab is slow
    first = {name: getattr(table, name)[:count] for name in ("image", "classes", "scores", "boxes")}
    command = [sys.executable, "-m", "detections.metrics.objectlab", repr(high), repr(low)]
    done = subprocess.run(command, input=replace(table, **first).to_bytes(), capture_output=True, cwd=ROOT, check=False)
    if done.returncode:
        raise RuntimeError(f"ObjectLab's scores could not be computed: {done.stderr.decode(errors='replace')[-2000:]}")
    with np.load(io.BytesIO(done.stdout), allow_pickle=False) as archive:
        overlooked = np.concatenate([archive["overlooked"], np.full(len(table) - count, np.nan)])
        return BoxScores(overlooked, archive["badly_placed"], archive["swapped"])


def compute(table: Table, high: float, low: float) -> BoxScores:
    """The same in this process."""
    from cleanlab.object_detection import rank

    classes = np.unique(np.concatenate([table.classes, table.true_classes]))
    if not len(table):  # cleanlab wants at least one prediction; without one nothing is doubted
        return BoxScores(np.zeros(0), np.ones(table.objects), np.ones(table.objects))
    labels, truths = labels_of(table, classes)
    predictions, places = predictions_of(table, classes)
    overlooked = rank.compute_overlooked_box_scores(
        labels=labels, predictions=predictions, high_probability_threshold=high
    )
    placed = rank.compute_badloc_box_scores(labels=labels, predictions=predictions, low_probability_threshold=low)
    swapped = rank.compute_swap_box_scores(labels=labels, predictions=predictions, high_probability_threshold=high)
    return BoxScores(
        back(overlooked, places, len(table)), back(placed, truths, table.objects), back(swapped, truths, table.objects)
    )


def labels_of(
    table: Table, classes: NDArray[np.int32]
) -> tuple[list[dict[str, NDArray[Any]]], list[NDArray[np.int64]]]:
    """Labels as cleanlab has them, one dictionary an image, and the numbers of their boxes."""
    places = [np.flatnonzero(table.true_image == place) for place in range(len(table.image_ids))]
    numbers = np.searchsorted(classes, table.true_classes)
    return [{"bboxes": table.true_boxes[mine], "labels": numbers[mine]} for mine in places], places


def predictions_of(table: Table, classes: NDArray[np.int32]) -> tuple[list[Scores], list[NDArray[np.int64]]]:
    """Predictions as cleanlab has them: of each image an array [classes] of arrays [boxes, 5]; and their numbers."""
    rows = np.column_stack([table.boxes, table.scores])
    order = np.lexsort((np.arange(len(table)), table.classes, table.image))
    image, class_ids = table.image[order], table.classes[order]
    predictions, places = [], []
    for place in range(len(table.image_ids)):
        start, end = np.searchsorted(image, (place, place + 1))
        mine = order[start:end]
        cuts = np.searchsorted(class_ids[start:end], classes[1:])
        held = np.empty(len(classes), dtype=object)
        held[:] = np.split(rows[mine], cuts)
        predictions.append(held)
        places.append(mine)
    return predictions, places


def back(scores: list[Scores], places: list[NDArray[np.int64]], count: int) -> Scores:
    """Scores of each image's boxes in the order of the table."""
    result = np.full(count, np.nan)
    for mine, values in zip(places, scores, strict=True):
        result[mine] = values
    return result


def main() -> None:
    high, low = map(float, sys.argv[1:3])
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the library prints is not part of the answer
    found = compute(Table.from_bytes(sys.stdin.buffer.read()), high, low)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **vars(found))
    answer.write(buffer.getvalue())
    answer.close()


if __name__ == "__main__":
    main()
