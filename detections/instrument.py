"""What the page of an evaluation shows at one score and IoU: figures, matrix, errors, and curves for its charts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from detections.gallery import Gallery
from detections.gallery_filter import NOTHING, TIDE_NAMES, WORDS, Filter, at_or_below
from detections.metrics.bootstrap import FEW_OBJECTS
from detections.metrics.calibration import calibrate
from detections.metrics.matching import MATCH_IOU
from detections.metrics.operating import Sweep
from detections.metrics.report import class_sweep
from detections.metrics.values import Tide
from detections.models import Evaluation
from detections.tables import tide_at

#: Classes a chart begins with; the others are reached by choosing one.
CHART_CLASSES = 5
CHARTS = ("pr", "f1", "calibration")
#: Points of a curve at most. A curve is thinned by leaving points out; nothing is smoothed.
CURVE_POINTS = 400
#: Classes a matrix is drawn for; beyond, its cells could not be read. The CSV has all.
MATRIX_CLASSES = 20


@dataclass(frozen=True)
class Cell:
    count: int
    opacity: str
    query: str
    label: str
    current: bool
    is_right: bool


def class_rows(gallery: Gallery) -> Iterator[dict[str, Any]]:
    """Each class's stored figures with its precision, recall and boxes at this score and IoU."""
    for row in gallery.evaluation.figures["per_class"]:
        class_id = row["class_id"]
        best = row["best"]
        yield row | {
            "point": gallery.point(class_id),
            "boxes": gallery.count("boxes", class_id),
            "few": row["objects"] < FEW_OBJECTS,
            "query": gallery.filter.query(class_id=class_id, true=None, said=None),
            "best_query": gallery.filter.query(score=at_or_below(best["score"])) if best else "",
            "current": class_id == gallery.filter.class_id,
        }


def matrix_rows(gallery: Gallery) -> list[tuple[str, list[Cell]]]:
    """Rows of the confusion matrix: the name of the true class and its cells; the last is the background's."""
    names = gallery.evaluation.class_names
    counts = gallery.matrix()
    labels = [*names.values(), "background"]
    ids = [*names, NOTHING]
    return [
        (labels[row], [cell(gallery.filter, counts, ids, labels, row, column) for column in range(len(ids))])
        for row in range(len(ids))
    ]


def cell(asked: Filter, counts: list[list[int]], ids: list[int], labels: list[str], row: int, column: int) -> Cell:
    count, total = counts[row][column], sum(counts[row])
    true, said = ids[row], ids[column]
    words = f"{labels[row]} taken for {labels[column]}" if row != column else f"{labels[row]} found"
    if true == NOTHING:
        words = f"{labels[column]} where there is none"
    elif said == NOTHING:
        words = f"{labels[row]} missed"
    return Cell(
        count=count,
        opacity=f"{0.75 * count / total:.2f}" if total else "0",
        query=asked.query(true=true, said=said, match="", class_id=None),
        label=f"{words}: {count:,}",
        current=(asked.true, asked.said) == (true, said),
        is_right=row == column,
    )


def tide_rows(gallery: Gallery) -> list[dict[str, Any]]:
    """Each kind of error: what AP would gain without it, how often it occurs, how often at this score."""
    if gallery.filter.iou == MATCH_IOU:
        tide = Tide(**gallery.evaluation.figures["tide"])
    else:
        tide = tide_at(gallery.evaluation.boxes_file, gallery.filter.iou)
    most = max(tide.gains[name] for name in TIDE_NAMES.values()) or 1.0
    return [
        {
            "word": WORDS[match],
            "tide": name,
            "gain": tide.gains[name],
            "share": 100 * tide.gains[name] / most,
            "every": tide.counts[name],
            "count": gallery.count(match, None),
            "query": gallery.filter.query(match=match, class_id=None, true=None, said=None),
            "current": match == gallery.filter.match,
        }
        for match, name in TIDE_NAMES.items()
    ]


def chart_series(evaluation: Evaluation) -> str:
    """The curves of a chart, as static/js/charts/line_chart.js takes them: all classes, and the most frequent ones."""
    rows = sorted(evaluation.figures["per_class"], key=lambda row: -row["objects"])
    known = [row for row in rows if row["objects"]][:CHART_CLASSES]
    series: list[dict[str, Any]] = [{"key": "0", "label": "All together"}] if len(rows) > 1 else []
    return json.dumps(series + [{"key": str(row["class_id"]), "label": row["name"]} for row in known])


def curves(gallery: Gallery, chart: str) -> dict[str, Any]:
    """{"series": {class id or "0": [[x, y], ...]}, "scores": the same with each point's score}, of all classes."""
    if chart == "calibration":
        return calibration_curve(gallery)
    series, scores = {}, {}
    for class_id in (None, *gallery.evaluation.class_names):
        sweep = class_sweep(gallery.table, gallery.matching, class_id)
        points = curve_points(sweep, chart)
        series[str(class_id or 0)] = [point[:2] for point in points]
        scores[str(class_id or 0)] = [point[2] for point in points]
    return {"series": series, "scores": scores, "finished": True}


def curve_points(sweep: Sweep, chart: str) -> list[list[float]]:
    """[x, y, score] of every threshold, thinned; x rises. Empty where there is nothing to measure."""
    if not sweep.objects or not len(sweep.scores):
        return []
    precision, recall, score = sweep.precision(), sweep.recall(), sweep.scores
    step = max(1, len(score) // CURVE_POINTS)
    places = [*range(0, len(score) - 1, step), len(score) - 1]
    if chart == "f1":
        f1 = sweep.f1()
        places.append(int(f1.argmax()))
        places = sorted(set(places), reverse=True)
        return [[round(float(score[n]), 4), round(float(f1[n]), 4), float(score[n])] for n in places]
    return [[round(float(recall[n]), 4), round(float(precision[n]), 4), float(score[n])] for n in places]


def calibration_curve(gallery: Gallery) -> dict[str, Any]:
    bins = [each for each in calibrate(gallery.table.scores, gallery.matching.hits).bins if each["count"]]
    points = [[round(each["confidence"], 4), round(each["precision"], 4)] for each in bins]
    series = {"found": points, "even": [[0, 0], [1, 1]]}
    return {"series": series, "scores": {"found": [each["low"] for each in bins]}, "finished": True}


def calibration_series() -> str:
    found, even = (
        {"key": "found", "label": "This model"},
        {"key": "even", "label": "Score equals precision", "dashed": True},
    )
    return json.dumps([found, even])
