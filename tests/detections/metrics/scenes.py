"""Images with true and predicted boxes for the metrics' tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detections.metrics.values import ImageResult

CLASSES = {1: "BB-8", 2: "R2-D2", 3: "C-3PO"}


def random_scene(seed: int, images: int = 25, classes: int = 3) -> list[ImageResult]:
    """Objects of all sizes; each is found more or less well, found twice, taken for another class, or missed."""
    rng = np.random.default_rng(seed)
    scene = []
    for image_id in range(1, images + 1):
        truths = [(int(rng.integers(1, classes + 1)), *random_box(rng)) for _ in range(rng.integers(0, 6))]
        predictions = []
        for class_id, *box in truths:
            for _ in range(rng.integers(0, 4)):
                said = class_id if rng.random() < 0.8 else int(rng.integers(1, classes + 1))
                predictions.append((said, round(rng.random(), 2), *shaken(rng, box)))
        for _ in range(rng.integers(0, 4)):
            predictions.append((int(rng.integers(1, classes + 1)), round(rng.random(), 2), *random_box(rng)))
        scene.append(ImageResult.build(image_id, truths, predictions))
    return scene


def random_box(rng: np.random.Generator) -> tuple[float, float, float, float]:
    x, y = rng.uniform(0, 400, 2)
    width, height = np.exp(rng.uniform(np.log(8), np.log(250), 2))
    return x, y, x + width, y + height


def shaken(rng: np.random.Generator, box: list[float]) -> tuple[float, ...]:
    spread = rng.choice([0.01, 0.08, 0.3]) * (box[2] - box[0])
    x1, y1, x2, y2 = np.asarray(box) + rng.normal(0, spread, 4)
    return min(x1, x2 - 1), min(y1, y2 - 1), x2, y2


def untied(images: list[ImageResult], seed: int = 0) -> list[ImageResult]:
    """The same boxes with scores of which no two are equal: the order of equal ones is anybody's choice."""
    count = sum(len(image.scores) for image in images)
    scores = iter(np.random.default_rng(seed).permutation(count) / count)
    return [replace(image, scores=np.array([next(scores) for _ in image.scores])) for image in images]
