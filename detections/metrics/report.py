"""Everything an evaluation says, from one table of boxes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from detections.metrics import coco
from detections.metrics.bootstrap import Draws, class_intervals, mean_interval, mean_over_ious, resampled_precision
from detections.metrics.calibration import calibrate, class_error
from detections.metrics.matching import MATCH_IOU, Matching, counted, match
from detections.metrics.matrix import confuse, confusion_matrix
from detections.metrics.operating import Sweep, sweep
from detections.metrics.table import Table
from detections.metrics.values import HEADLINE_SCORE, ClassFigures, Figures
from detections.metrics.voc import voc_precision


def report(table: Table, classes: Mapping[int, str], score: float = HEADLINE_SCORE) -> Figures:
    """All figures. `classes` maps class ids (from 1) to names and must hold every class (KeyError otherwise).

    AP, TIDE and calibration take every predicted box whatever its score; precision, recall and the confusion matrix
    those with at least `score`, matched at IoU 0.5.
    """
    class_ids = sorted(classes)
    evaluator = coco.run_hotcoco(table, classes)
    matching = match(table)
    draws = resampled_precision(table, class_ids)
    at_50, over_all = draws[:, :, 0], mean_over_ious(draws)
    voc = voc_precision(table, class_ids)
    return Figures(
        **coco.twelve(evaluator),
        ap_interval=mean_interval(over_all),
        ap50_interval=mean_interval(at_50),
        voc_11=mean_of(pair[0] for pair in voc.values()),
        voc_all=mean_of(pair[1] for pair in voc.values()),
        score_threshold=score,
        images=len(table.image_ids),
        negatives=len(table.image_ids) - len(np.unique(table.true_image)),
        objects=table.objects,
        difficult=int(table.true_difficult.sum()),
        predictions=counted(table, score),
        sizes=coco.size_figures(table, evaluator) + quarter_figures(table, classes),
        tide=coco.tide_figures(evaluator, MATCH_IOU),
        calibration=calibrate(table.scores, matching.hits),
        confusion=confusion_matrix(table, matching, confuse(table, matching, MATCH_IOU, score), score, class_ids),
        per_class=per_class(table, classes, score, evaluator, matching, (over_all, at_50), voc),
    )


def quarter_figures(table: Table, classes: Mapping[int, str]) -> tuple[coco.SizeFigures, ...]:
    areas = coco.quarters(table)
    return coco.size_figures(table, coco.run_hotcoco(table, classes, areas), areas) if areas else ()


def per_class(
    table: Table,
    classes: Mapping[int, str],
    score: float,
    evaluator: coco.COCOeval,
    matching: Matching,
    draws: tuple[Draws, Draws],
    voc: Mapping[int, tuple[float | None, float | None]],
) -> tuple[ClassFigures, ...]:
    precisions = zip(
        coco.class_precision(evaluator),
        coco.class_precision(evaluator, 0),
        coco.class_precision(evaluator, 5),
        *map(class_intervals, draws),
        strict=True,
    )
    figures = []
    for class_id, (ap, ap50, ap75, ap_interval, ap50_interval) in zip(sorted(classes), precisions, strict=True):
        mine = table.classes == class_id
        curve = class_sweep(table, matching, class_id)
        point = curve.at(score)
        figures.append(
            ClassFigures(
                class_id=class_id,
                name=classes[class_id],
                ap=ap,
                ap50=ap50,
                ap75=ap75,
                ap_interval=ap_interval,
                ap50_interval=ap50_interval,
                voc_11=voc[class_id][0],
                voc_all=voc[class_id][1],
                precision=point.precision,
                recall=point.recall,
                objects=curve.objects,
                difficult=int((table.true_difficult & (table.true_classes == class_id)).sum()),
                predictions=int(mine[: counted(table, score)].sum()),
                best=curve.best(),
                ece=class_error(table.scores[mine], matching.hits[mine]),
            )
        )
    return tuple(figures)


def class_sweep(table: Table, matching: Matching, class_id: int | None) -> Sweep:
    """Precision and recall over all thresholds, of one class or (None) of all classes together."""
    if class_id is None:
        return sweep(table.scores, matching.hits, table.objects)
    mine = table.classes == class_id
    return sweep(table.scores[mine], matching.hits[mine], int((table.true_classes == class_id).sum()))


def mean_of(values: coco.Any) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
