"""`COCOeval.category_stats`, which the API reads for figures per class and only a fork of pycocotools ever set.

Without it: "ValueError: Category stats do not exist".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.cocoeval import COCOeval

SIZES = ("small", "medium", "large")


def category_stats(evaluation: COCOeval) -> NDArray[np.float64]:
    """The 12 COCO figures for every class, [12, classes], -1 where there is nothing to measure.

    Rows as in `COCOeval.stats`: AP, AP50, AP75, AP by size, AR at 1, 10 and 100 detections, AR by size.
    """
    params = evaluation.params
    precision, recall = evaluation.eval["precision"], evaluation.eval["recall"]  # [T,R,K,A,M] and [T,K,A,M]
    most = len(params.maxDets) - 1

    def rows(values: Any, area: str = "all", detections: int = most, iou: float | None = None) -> list[float]:
        chosen = values[..., params.areaRngLbl.index(area), detections]
        if iou is not None:
            chosen = chosen[np.isclose(params.iouThrs, iou)]
        return [mean_of_known(chosen[..., index]) for index in range(chosen.shape[-1])]

    stats = [rows(precision), rows(precision, iou=0.5), rows(precision, iou=0.75)]
    stats += [rows(precision, area=area) for area in SIZES]
    stats += [rows(recall, detections=index) for index in range(len(params.maxDets))]
    stats += [rows(recall, area=area) for area in SIZES]
    return np.array(stats)


def mean_of_known(values: NDArray[np.float64]) -> float:
    known = values[values > -1]
    return float(known.mean()) if known.size else -1.0


def install() -> None:
    summarize = COCOeval.summarize

    def summarize_with_categories(self: COCOeval) -> None:
        summarize(self)
        if self.params.iouType in ("bbox", "segm") and self.params.useCats:
            self.category_stats = category_stats(self)

    COCOeval.summarize = summarize_with_categories
