"""How long an evaluation's report and its sliders take, beside pycocotools and tidecv.

    python -m benchmarks.detections.metrics [--images 1000] [--repeat 5]

Synthetic: about 4 objects and 25 boxes an image, 5 classes, stored as an evaluation stores them. Prints one line of
JSON with median seconds: the full report from the stored bytes (COCO, sizes, VOC, TIDE, matrix, calibration, curves,
bootstrap), a slider that moved to another IoU (matching, matrix, figures, curves), and pycocotools' twelve figures.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from detections.metrics.coco import coco_dataset, coco_results
from detections.metrics.matching import match
from detections.metrics.matrix import confuse, confusion_matrix
from detections.metrics.report import class_sweep, report
from detections.metrics.table import Table, make_table
from detections.metrics.values import ImageResult

CLASSES = {number: f"class {number}" for number in range(1, 6)}


def make_images(count: int, seed: int = 1, ids: Sequence[int] = ()) -> list[ImageResult]:
    rng = np.random.default_rng(seed)
    images = []
    for image_id in ids or range(1, count + 1):
        objects = [(int(rng.integers(1, 6)), *make_box(rng)) for _ in range(rng.integers(1, 8))]
        found = [(c, float(rng.random()), *(np.array(box) + rng.normal(0, 6, 4))) for c, *box in objects]
        noise = [(int(rng.integers(1, 6)), float(rng.random() ** 3), *make_box(rng)) for _ in range(20)]
        images.append(ImageResult.build(image_id, objects, found + noise))
    return images


def make_box(rng: np.random.Generator) -> tuple[float, float, float, float]:
    x, y = rng.uniform(0, 500, 2)
    width, height = rng.uniform(20, 200, 2)
    return x, y, x + width, y + height


def full_report(stored: bytes) -> None:
    report(Table.from_bytes(stored), CLASSES)


def slider_moved(table: Table, score: float = 0.3, iou: float = 0.75) -> None:
    """What the page computes anew when both sliders stand elsewhere."""
    matching = match(table, iou)
    confusion_matrix(table, matching, confuse(table, matching, iou, score), score, sorted(CLASSES))
    for class_id in (None, *CLASSES):
        class_sweep(table, matching, class_id).at(score)


def pycocotools_figures(table: Table) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = coco_dataset(table, CLASSES) | {"info": {}}
        truth.createIndex()
        evaluator = COCOeval(truth, truth.loadRes(coco_results(table)), "bbox")
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()


def seconds(work: Callable[[], object], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return round(statistics.median(times), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    table = make_table(make_images(options.images))
    stored = table.to_bytes()
    result = {
        "images": len(table.image_ids),
        "objects": table.objects,
        "boxes": len(table),
        "stored_bytes": len(stored),
        "report_s": seconds(lambda: full_report(stored), options.repeat),
        "slider_s": seconds(lambda: slider_moved(table), options.repeat),
        "pycocotools_s": seconds(lambda: pycocotools_figures(table), options.repeat),
    }
    result["report_to_pycocotools"] = round(result["report_s"] / result["pycocotools_s"], 2)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
