"""How long the figures of an evaluation take, beside pycocotools.

    python -m benchmarks.detections.metrics [--images 1000] [--repeat 3]

Synthetic: about 4 objects and 25 boxes an image, 5 classes. Prints one line of JSON: median seconds for the COCO
figures with the match of every box (what an evaluation computes), for the matching alone, and for pycocotools'
figures alone.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import statistics
import time
from collections.abc import Callable

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from detections.metrics.coco import coco_dataset, coco_figures, coco_results
from detections.metrics.matching import match_images
from detections.metrics.values import ImageResult

CLASSES = {number: f"class {number}" for number in range(1, 6)}


def make_images(count: int, seed: int = 1) -> list[ImageResult]:
    rng = np.random.default_rng(seed)
    images = []
    for image_id in range(1, count + 1):
        objects = [(int(rng.integers(1, 6)), *make_box(rng)) for _ in range(rng.integers(1, 8))]
        found = [(c, float(rng.random()), *(np.array(box) + rng.normal(0, 6, 4))) for c, *box in objects]
        noise = [(int(rng.integers(1, 6)), float(rng.random() ** 3), *make_box(rng)) for _ in range(20)]
        images.append(ImageResult.build(image_id, objects, found + noise))
    return images


def make_box(rng: np.random.Generator) -> tuple[float, float, float, float]:
    x, y = rng.uniform(0, 500, 2)
    width, height = rng.uniform(20, 200, 2)
    return x, y, x + width, y + height


def pycocotools_figures(images: list[ImageResult]) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = coco_dataset(images, CLASSES) | {"info": {}}
        truth.createIndex()
        evaluator = COCOeval(truth, truth.loadRes(coco_results(images)), "bbox")
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
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    images = make_images(options.images)
    result = {
        "images": len(images),
        "objects": sum(len(image.true_boxes) for image in images),
        "boxes": sum(len(image.boxes) for image in images),
        "figures_and_matches_s": seconds(lambda: coco_figures(images, CLASSES), options.repeat),
        "matches_s": seconds(lambda: match_images(images), options.repeat),
        "pycocotools_s": seconds(lambda: pycocotools_figures(images), options.repeat),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
