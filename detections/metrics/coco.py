"""The COCO and TIDE figures, computed by hotcoco (equal to pycocotools to 1e-9 and to tidecv to 1e-6; see the tests).

AP is the mean over IoU 0.50, 0.55 ... 0.95 and over classes that have objects, of the mean precision at 101 recalls;
small, medium and large are objects up to 32², up to 96² and above, in square pixels of the upright image; AR is the
highest recall with 1, 10 or 100 boxes an image. Classes without objects are left out of every mean: their figures
are None, and their false positives show only in `ClassFigures.predictions`. Objects marked difficult count like all
others, as in the Object Detection API's COCO evaluator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hotcoco import COCO, COCOeval
from numpy.typing import NDArray

from detections.metrics.table import Table, area, as_xywh
from detections.metrics.values import SizeFigures, Tide

#: In the order of the COCO summary.
SUMMARY = (
    *("ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large"),
    *("ar_1", "ar_10", "ar_100", "ar_small", "ar_medium", "ar_large"),
)
COCO_SIZES = (("small", 0.0, 32.0**2), ("medium", 32.0**2, 96.0**2), ("large", 96.0**2, 1e10))
QUARTERS = ("smallest quarter", "second quarter", "third quarter", "largest quarter")


def run_hotcoco(
    table: Table, classes: Mapping[int, str], areas: Sequence[tuple[str, float, float]] = COCO_SIZES
) -> COCOeval:
    """An evaluator that has accumulated. `classes` maps ids (from 1) to names; KeyError where one is missing."""
    truth = COCO(coco_dataset(table, classes))
    evaluator = COCOeval(truth, truth.load_res(coco_results(table)), "bbox")
    if areas is not COCO_SIZES:
        evaluator.params.area_rng = [[0.0, 1e10], *([low, high] for _, low, high in areas)]
        evaluator.params.area_rng_lbl = ["all", *(name for name, _, _ in areas)]
    evaluator.evaluate()
    evaluator.accumulate()
    return evaluator


def coco_dataset(table: Table, classes: Mapping[int, str]) -> dict[str, Any]:
    """The true boxes as a COCO document. Annotation ids start at 1: COCO's matching reads 0 as "not matched"."""
    images = table.image_ids[table.true_image].tolist()
    rows = zip(images, table.true_classes.tolist(), as_xywh(table.true_boxes).tolist(), strict=True)
    annotations: list[dict[str, Any]] = []
    for number, (image_id, class_id, box) in enumerate(rows, start=1):
        if class_id not in classes:
            raise KeyError(f"Class {class_id} of image {image_id} has no name.")
        values = {"id": number, "image_id": image_id, "category_id": class_id, "iscrowd": 0}
        annotations.append({**values, "bbox": box, "area": box[2] * box[3]})
    return {
        "images": [{"id": image_id} for image_id in table.image_ids.tolist()],
        "annotations": annotations,
        "categories": [{"id": number, "name": name} for number, name in sorted(classes.items())],
    }


def coco_results(table: Table) -> NDArray[np.float64]:
    """The predicted boxes as rows (image id, x, y, width, height, score, class id), float64 [P, 7]."""
    columns: list[NDArray[Any]] = [table.image_ids[table.image], as_xywh(table.boxes), table.scores, table.classes]
    return np.column_stack(columns).astype(np.float64)


def twelve(evaluator: COCOeval) -> dict[str, float | None]:
    evaluator.summary_lines()  # fills `stats` without printing
    return {name: measured(value) for name, value in zip(SUMMARY, evaluator.stats, strict=True)}


def class_precision(evaluator: COCOeval, iou: int | None = None) -> list[float | None]:
    """AP of each class in the order of their ids, at one IoU (its place among the ten) or over all."""
    precision = accumulated(evaluator, "precision")[:, :, :, 0, -1]  # [IoU, recall, class]
    chosen = precision if iou is None else precision[iou : iou + 1]
    return [mean(chosen[:, :, place]) for place in range(chosen.shape[2])]


def size_figures(
    table: Table, evaluator: COCOeval, areas: Sequence[tuple[str, float, float]] = COCO_SIZES
) -> tuple[SizeFigures, ...]:
    """AP and AR of objects by their area, both limits included, as COCO has it."""
    precision, recall = accumulated(evaluator, "precision"), accumulated(evaluator, "recall")
    areas_of_objects = area(table.true_boxes)
    return tuple(
        SizeFigures(
            name=name,
            low=low,
            high=high if high < 1e10 else None,
            objects=int(((areas_of_objects >= low) & (areas_of_objects <= high)).sum()),
            ap=mean(precision[:, :, :, place, -1]),
            ar=mean(recall[:, :, place, -1]),
        )
        for place, (name, low, high) in enumerate(areas, start=1)
    )


def quarters(table: Table) -> list[tuple[str, float, float]]:
    """Four ranges of area that hold a quarter of the objects each; none when there are fewer than four objects."""
    if table.objects < len(QUARTERS):
        return []
    limits = [0.0, *np.quantile(area(table.true_boxes), (0.25, 0.5, 0.75)).tolist(), 1e10]
    tops = [float(np.nextafter(limit, 0.0)) for limit in limits[1:-1]] + [limits[-1]]  # the next one begins there
    return list(zip(QUARTERS, limits[:-1], tops, strict=True))


def tide_figures(evaluator: COCOeval, iou: float) -> Tide:
    found = evaluator.tide_errors(pos_thr=iou)
    return Tide(ap=float(found["ap_base"]), gains=dict(found["delta_ap"]), counts=dict(found["counts"]))


def accumulated(evaluator: COCOeval, name: str) -> NDArray[np.float64]:
    return np.asarray((evaluator.eval or {})[name])


def mean(values: NDArray[np.float64]) -> float | None:
    """Mean of what was measured (COCO marks the rest with -1)."""
    known = values[values > -1]
    return float(known.mean()) if known.size else None


def measured(value: float) -> float | None:
    return float(value) if value > -1 else None
