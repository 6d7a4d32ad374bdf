"""The COCO figures, computed by hotcoco (equal to pycocotools to 1e-9; the tests hold it to that).

AP is the mean over IoU 0.50, 0.55 ... 0.95 and over classes that have objects, of the mean precision at 101 recalls;
small, medium and large are objects below 32², up to 96² and above, in square pixels of the upright image; AR is the
highest recall with 1, 10 or 100 boxes an image. Classes without objects are left out of every mean: their figures
are None, and their false positives show only in `ClassFigures.predictions`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hotcoco import COCO, COCOeval

from detections.metrics.matching import match_images
from detections.metrics.operating import best_point, point_at
from detections.metrics.values import HEADLINE_SCORE, ClassFigures, Figures, ImageResult, MatchRow, Outcome

#: In the order of the COCO summary.
SUMMARY = (
    *("ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large"),
    *("ar_1", "ar_10", "ar_100", "ar_small", "ar_medium", "ar_large"),
)


def coco_figures(
    images: Sequence[ImageResult], classes: Mapping[int, str], score_threshold: float = HEADLINE_SCORE
) -> tuple[Figures, list[MatchRow]]:
    """All figures, and the match of every box they stand on.

    `classes` maps class ids (from 1) to names and must hold every class of `images` (KeyError otherwise). AP takes
    every predicted box whatever its score; precision and recall of a class those with at least `score_threshold`.
    """
    evaluator = run_hotcoco(images, classes)
    rows = match_images(images)
    figures = Figures(
        **{name: measured(value) for name, value in zip(SUMMARY, evaluator.stats, strict=True)},
        score_threshold=score_threshold,
        images=len(images),
        objects=sum(len(image.true_boxes) for image in images),
        predictions=sum(row.score is not None and row.score >= score_threshold for row in rows),
        per_class=per_class(evaluator, rows, classes, score_threshold),
    )
    return figures, rows


def run_hotcoco(images: Sequence[ImageResult], classes: Mapping[int, str]) -> COCOeval:
    truth = COCO(coco_dataset(images, classes))
    evaluator = COCOeval(truth, truth.load_res(coco_results(images)), "bbox")
    evaluator.evaluate()
    evaluator.accumulate()
    evaluator.summary_lines()  # fills `stats` without printing
    return evaluator


def coco_dataset(images: Sequence[ImageResult], classes: Mapping[int, str]) -> dict[str, Any]:
    """The true boxes as a COCO document. Annotation ids start at 1: COCO's matching reads 0 as "not matched"."""
    annotations: list[dict[str, Any]] = []
    for image in images:
        for class_id, (x1, y1, x2, y2) in zip(image.true_classes, image.true_boxes, strict=True):
            if int(class_id) not in classes:
                raise KeyError(f"Class {class_id} of image {image.image_id} has no name.")
            box = [float(x1), float(y1), float(x2 - x1), float(y2 - y1)]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image.image_id,
                    "category_id": int(class_id),
                    "bbox": box,
                    "area": box[2] * box[3],
                    "iscrowd": 0,
                }
            )
    return {
        "images": [{"id": image.image_id} for image in images],
        "annotations": annotations,
        "categories": [{"id": number, "name": name} for number, name in sorted(classes.items())],
    }


def coco_results(images: Sequence[ImageResult]) -> np.ndarray:
    """The predicted boxes as rows (image id, x, y, width, height, score, class id), float64 [N, 7]."""
    tables = [
        np.column_stack(
            [
                np.full(len(image.boxes), image.image_id),
                image.boxes[:, :2],
                image.boxes[:, 2:] - image.boxes[:, :2],
                image.scores,
                image.classes,
            ]
        )
        for image in images
    ]
    return np.concatenate([np.zeros((0, 7)), *tables])


def per_class(
    evaluator: COCOeval, rows: Sequence[MatchRow], classes: Mapping[int, str], score_threshold: float
) -> tuple[ClassFigures, ...]:
    accumulated = evaluator.eval or {}
    precision = np.asarray(accumulated["precision"])  # [IoU, recall, class, area, detections per image]
    judged: dict[int, list[tuple[Outcome, float]]] = defaultdict(list)
    objects: dict[int, int] = defaultdict(int)
    for row in rows:
        objects[row.class_id] += row.outcome in (Outcome.TRUE_POSITIVE, Outcome.MISSED)
        if row.score is not None:
            judged[row.class_id].append((row.outcome, row.score))
    figures = []
    for index, class_id in enumerate(sorted(classes)):
        point = point_at(judged[class_id], objects[class_id], score_threshold)
        figures.append(
            ClassFigures(
                class_id=class_id,
                name=classes[class_id],
                ap=mean_precision(precision[:, :, index, 0, -1]),
                ap50=mean_precision(precision[0, :, index, 0, -1]),
                precision=point.precision,
                recall=point.recall,
                objects=objects[class_id],
                predictions=sum(score >= score_threshold for _, score in judged[class_id]),
                best=best_point(judged[class_id], objects[class_id]),
            )
        )
    return tuple(figures)


def mean_precision(values: np.ndarray) -> float | None:
    """Mean of the precisions that were measured (COCO marks the others with -1)."""
    known = values[values > -1]
    return float(known.mean()) if known.size else None


def measured(value: float) -> float | None:
    return float(value) if value > -1 else None
