"""The figures of others over the same boxes, built without our own documents."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from detections.metrics.values import ImageResult


def pycocotools_evaluation(images: Sequence[ImageResult], classes: Iterable[int]) -> COCOeval:
    """pycocotools' own evaluator, summarised."""
    truth = COCO()
    annotations: list[dict[str, Any]] = []
    for image in images:
        for class_id, box in zip(image.true_classes, image.true_boxes, strict=True):
            x, y, width, height = box[0], box[1], box[2] - box[0], box[3] - box[1]
            annotations.append(
                {"id": len(annotations) + 1, "image_id": image.image_id, "category_id": int(class_id), "iscrowd": 0}
                | {"bbox": [x, y, width, height], "area": width * height}
            )
    truth.dataset = {
        "info": {},
        "images": [{"id": image.image_id} for image in images],
        "annotations": annotations,
        "categories": [{"id": number} for number in classes],
    }
    results = [
        {"image_id": image.image_id, "category_id": int(class_id), "score": float(score)}
        | {"bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]]}
        for image in images
        for class_id, score, box in zip(image.classes, image.scores, image.boxes, strict=True)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        evaluator = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return evaluator


def tidecv_run(images: Sequence[ImageResult], iou: float) -> Any:
    """tidecv's own run. Its plots and downloads ask for packages that are not here and are never called.

    Its 101 recalls are those of COCO but for the last bit of some, which matters where a recall is met exactly: it is
    given COCO's own.
    """
    absent = {name: mock.MagicMock() for name in ("appdirs", "pandas", "seaborn", "matplotlib", "matplotlib.pyplot")}
    absent["matplotlib.lines"] = mock.MagicMock()
    with mock.patch.dict(sys.modules, absent):
        tide, data, precision = (importlib.import_module(f"tidecv.{name}") for name in ("quantify", "data", "ap"))
    precision.np = SimpleNamespace(array=np.array, searchsorted=lambda recalls, _, side: find(recalls, side))
    truth, found = data.Data("truth"), data.Data("found")
    for image in images:
        truth.add_image(image.image_id, str(image.image_id))
        for class_id, (x1, y1, x2, y2) in zip(image.true_classes, image.true_boxes, strict=True):
            truth.add_ground_truth(image.image_id, int(class_id), [x1, y1, x2 - x1, y2 - y1])
        rows = zip(image.classes, image.scores, image.boxes, strict=True)
        for class_id, score, (x1, y1, x2, y2) in rows:
            found.add_detection(image.image_id, int(class_id), float(score), [x1, y1, x2 - x1, y2 - y1])
    return tide.TIDE().evaluate(truth, found, pos_threshold=iou, mode=tide.TIDE.BOX)


def find(recalls: Any, side: Any) -> Any:
    return np.searchsorted(recalls, np.linspace(0.0, 1.0, 101), side=side)


#: The Object Detection API's evaluator is plain numpy; what it imports of TensorFlow and label maps is for its graphs.
PASCAL = """
import json, sys
from unittest import mock
import numpy as np
np.float, np.int = float, int  # its names of numpy 1
for name in ("tensorflow", "tensorflow.compat", "tensorflow.compat.v1", "object_detection.utils.label_map_util"):
    sys.modules[name] = mock.MagicMock()
from object_detection.utils.object_detection_evaluation import ObjectDetectionEvaluation
scene = json.load(sys.stdin)
evaluator = ObjectDetectionEvaluation(scene["classes"], matching_iou_threshold=0.5)
table = lambda rows: np.array(rows, dtype=float).reshape(-1, 4)
for key, image in enumerate(scene["images"]):
    flags = np.array(image["difficult"], dtype=bool)
    evaluator.add_single_ground_truth_image_info(
        key, table(image["true_boxes"]), np.array(image["true_classes"], dtype=int), flags)
    evaluator.add_single_detected_image_info(
        key, table(image["boxes"]), np.array(image["scores"], dtype=float), np.array(image["classes"], dtype=int))
found = evaluator.evaluate()
print(json.dumps([None if np.isnan(ap) else float(ap) for ap in found.average_precisions]))
"""


def object_detection_api_voc(images: Sequence[ImageResult], classes: int) -> list[float | None]:
    """All-point AP of classes 1 to `classes` by the Object Detection API, in a process of its own."""
    swap = [1, 0, 3, 2]  # it wants ymin, xmin, ymax, xmax
    scene = {
        "classes": classes,
        "images": [
            {
                "true_boxes": image.true_boxes[:, swap].tolist(),
                "true_classes": (image.true_classes - 1).tolist(),
                "difficult": image.true_difficult.tolist(),
                "boxes": image.boxes[:, swap].tolist(),
                "scores": image.scores.tolist(),
                "classes": (image.classes - 1).tolist(),
            }
            for image in images
        ],
    }
    done = subprocess.run(
        [sys.executable, "-c", PASCAL], input=json.dumps(scene), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])
