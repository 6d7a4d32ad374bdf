"""The stored boxes of evaluations: written once under their own hash, read through a small cache of the process."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from django.core.files.storage import default_storage

from datasets.storage import store
from detections.metrics.coco import run_hotcoco, tide_figures
from detections.metrics.matching import Matching, match
from detections.metrics.matrix import Confusion, confuse, confusion_matrix
from detections.metrics.table import Table
from detections.metrics.values import Tide
from detections.models import Evaluation
from sw_site.lib.errors import UserError

#: Tables a process keeps in memory: 1.5 MB for 1,000 images and 25,000 boxes.
TABLES = 6
MATCHINGS = 24


def keep_table(table: Table) -> str:
    """Storage name of the table."""
    data = table.to_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return store(f"evaluations/{digest[:2]}/{digest}.npz", data)


def table_of(evaluation: Evaluation) -> Table:
    """Raises UserError when the evaluation has none or its file is gone or damaged."""
    if not evaluation.boxes_file:
        raise UserError("no_boxes", "This evaluation kept no boxes. Evaluate the model again to see them.", 409)
    try:
        return read_table(evaluation.boxes_file)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            "boxes_unreadable",
            "The file with this evaluation's boxes is gone or damaged. Restore it from a backup or evaluate again.",
            409,
        ) from error


@lru_cache(maxsize=TABLES)
def read_table(name: str) -> Table:
    with default_storage.open(name) as file:
        return Table.from_bytes(file.read())


@lru_cache(maxsize=MATCHINGS)
def matching_at(name: str, iou: float) -> Matching:
    return match(read_table(name), iou)


@lru_cache(maxsize=MATCHINGS)
def confusion_at(name: str, iou: float, score: float) -> Confusion:
    return confuse(read_table(name), matching_at(name, iou), iou, score)


@lru_cache(maxsize=MATCHINGS)
def tide_at(name: str, iou: float) -> Tide:
    table = read_table(name)
    classes = {int(number): str(number) for number in {*table.classes.tolist(), *table.true_classes.tolist()}}
    return tide_figures(run_hotcoco(table, classes or {1: "1"}), iou)


@lru_cache(maxsize=MATCHINGS)
def matrix_at(name: str, iou: float, score: float, class_ids: tuple[int, ...]) -> list[list[int]]:
    table, matching = read_table(name), matching_at(name, iou)
    return confusion_matrix(table, matching, confusion_at(name, iou, score), score, class_ids)
