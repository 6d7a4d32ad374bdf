"""Measuring the model on the validation images, inside the training process.

The figures are those of the API's own COCO evaluator (pycocotools); boxes marked difficult count like all others, as
they do in its stock evaluation. Needs `compat.apply()` first.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from object_detection.metrics import coco_evaluation

from training.engine.dataset import Dataset, ImageEntry
from training.engine.evaluation_batches import MOST_TOGETHER, batches, read_ahead
from training.engine.model import Detector, Outputs
from training.engine.pictures import Picture, draw, show, with_boxes
from training.engine.records import RecordImage, read_images
from training.engine.rundir import RunDirectory, read_json, write_json

LEAST_SCORE = 0.01  # detections below it are measured but not written to disk
FIGURES = {
    "ap": "DetectionBoxes_Precision/mAP",
    "ap50": "DetectionBoxes_Precision/mAP@.50IOU",
    "ap75": "DetectionBoxes_Precision/mAP@.75IOU",
}


@dataclass(frozen=True)
class Found:
    """The detections on one image: boxes (ymin, xmin, ymax, xmax) in pixels [n, 4], scores [n], class ids [n]."""

    image_id: int
    boxes: Any
    scores: Any
    class_ids: Any

    def rows(self) -> list[list[float]]:
        """[xmin, ymin, xmax, ymax, class id, score] of every detection worth keeping, for JSON."""
        rows = []
        for (ymin, xmin, ymax, xmax), score, class_id in zip(self.boxes, self.scores, self.class_ids, strict=True):
            if score >= LEAST_SCORE:
                edges = [round(float(edge), 1) for edge in (xmin, ymin, xmax, ymax)]
                rows.append([*edges, int(class_id), round(float(score), 4)])
        return rows


@dataclass(frozen=True)
class Figures:
    """COCO figures from 0 to 1; None where there is nothing to measure."""

    ap: float | None
    ap50: float | None
    ap75: float | None
    per_class: dict[str, dict[str, float | None]]


class Evaluator:
    """Evaluates one run's model on its val records, `together` images at a time where they have the same size."""

    def __init__(self, run: RunDirectory, dataset: Dataset, detector: Detector, together: int = MOST_TOGETHER) -> None:
        self._run = run
        self._classes = dataset.classes
        self._truth = {image.id: image for image in dataset.split("val")}
        self._order = {image_id: index for index, image_id in enumerate(self._truth)}
        self._shown = with_boxes(self._truth.values())
        self._detector, self._together = detector, together
        self._writer = tf.summary.create_file_writer(str(run.eval_summaries))

    def evaluate(self, step: int, check: Callable[[], None]) -> tuple[Figures, list[Found]]:
        """Runs over the val images; `check` is called before each and may raise to stop."""
        found, pictures = [], []
        for group in batches(read_ahead(read_images(self._run.records("val"))), self._together):
            check()
            outputs = self._detector(np.stack([image.pixels for image in group]))
            for index, image in enumerate(group):
                found.append(detections(image, outputs, index))
                if image.id in self._shown:
                    pictures.append(draw(image.pixels, self._truth[image.id], found[-1]))
        found.sort(key=lambda item: self._order[item.image_id])
        figures = measure(self._classes, [self._truth[item.image_id] for item in found], found)
        self._summarize(step, figures, pictures)
        return figures, found

    def _summarize(self, step: int, figures: Figures, pictures: list[Picture]) -> None:
        with self._writer.as_default(step=step):
            for name in FIGURES:
                if getattr(figures, name) is not None:
                    tf.summary.scalar(f"val/{name}", getattr(figures, name))
            show("val/true_green_found_red", pictures)


def detections(image: RecordImage, outputs: Outputs, index: int = 0) -> Found:
    """What was found on the image that was the `index`-th of its batch."""
    count = int(outputs["num_detections"][index])
    height, width = image.pixels.shape[:2]
    boxes = outputs["detection_boxes"][index, :count] * np.array([height, width, height, width], np.float32)
    scores, class_ids = outputs["detection_scores"][index, :count], outputs["detection_classes"][index, :count]
    return Found(image.id, boxes, scores, class_ids.astype(int))


def measure(classes: dict[int, str], truth: list[ImageEntry], found: list[Found]) -> Figures:
    """COCO figures of detections against the labelled boxes of the same images."""
    categories = [{"id": class_id, "name": name} for class_id, name in sorted(classes.items())]
    evaluator = coco_evaluation.CocoDetectionEvaluator(
        categories, include_metrics_per_category=True, all_metrics_per_category=True
    )
    for image, item in zip(truth, found, strict=True):
        evaluator.add_single_ground_truth_image_info(image.id, ground_truth(image))
        evaluator.add_single_detected_image_info(
            image.id,
            {"detection_boxes": item.boxes, "detection_scores": item.scores, "detection_classes": item.class_ids},
        )
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its tables
        values = evaluator.evaluate()
    per_class = {
        name: {
            "ap": known(values[f"DetectionBoxes_Precision/mAP ByCategory/{name}"]),
            "ap50": known(values[f"DetectionBoxes_Precision/mAP@.50IOU ByCategory/{name}"]),
        }
        for name in classes.values()
    }
    return Figures(**{name: known(values[key]) for name, key in FIGURES.items()}, per_class=per_class)


def ground_truth(image: ImageEntry) -> dict[str, Any]:
    boxes = image.visible_boxes()
    edges = [[box.ymin, box.xmin, box.ymax, box.xmax] for box in boxes]
    return {
        "groundtruth_boxes": np.array(edges, np.float32).reshape(-1, 4),
        "groundtruth_classes": np.array([box.class_id for box in boxes], np.int64),
    }


def known(value: Any) -> float | None:
    """A figure, or None for pycocotools' -1 (no ground truth)."""
    return float(value) if value > -1 else None


def write_detections(run: RunDirectory, step: int, figures: Figures, found: list[Found]) -> None:
    """Writes eval/detections-<step>.json; its presence says that the evaluation of this step is finished."""
    images = [{"id": item.image_id, "detections": item.rows()} for item in found]
    write_json(
        run.detections(step),
        {"format": 1, "step": step, "ap": figures.ap, "ap50": figures.ap50, "images": images},
    )


def read_figures(run: RunDirectory, step: int) -> dict[str, float | None]:
    """AP and AP50 of a finished evaluation."""
    stored = read_json(run.detections(step))
    return {"ap": stored["ap"], "ap50": stored["ap50"]}
