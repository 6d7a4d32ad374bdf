"""Batches and evaluations as JSON: for downloading and for the API."""

from __future__ import annotations

from typing import Any

from detections.evaluation import summary
from detections.models import DetectionBatch, Evaluation


def batch_document(batch: DetectionBatch) -> dict[str, Any]:
    """Every image with its boxes, best first; edges are pixels of the upright image."""
    names = batch.model.label_map
    images = batch.images.prefetch_related("detections")
    return {
        "format": 1,
        "batch": batch.pk,
        "model": batch.model.name,
        "source": batch.source,
        "version": str(batch.version) if batch.version else None,
        "split": batch.split,
        "folder": batch.folder,
        "min_score": batch.min_score,
        "images": [
            {
                "file": image.file_name,
                "image_id": image.image_id,
                "width": image.width,
                "height": image.height,
                "boxes": [
                    box_json(found.class_id, names, found.score, (found.x1, found.y1, found.x2, found.y2))
                    for found in image.detections.all()
                ],
            }
            for image in images
        ],
        "problems": batch.problems,
    }


def box_json(
    class_id: int, names: dict[int, str], score: float, edges: tuple[float, float, float, float]
) -> dict[str, Any]:
    """One predicted box, as every JSON of this app writes it."""
    x1, y1, x2, y2 = (round(float(edge), 2) for edge in edges)
    name = names.get(int(class_id), f"class {class_id}")
    return {"class_id": int(class_id), "class": name, "score": round(float(score), 6)} | {
        "x1": x1,
        "y1": y1,
        "x2": x2,
        "y2": y2,
    }


def evaluation_document(evaluation: Evaluation) -> dict[str, Any]:
    """The figures, and what became of every box that was kept."""
    fields = ("image_id", "match", "class_id", "score", "iou", "x1", "y1", "x2", "y2")
    boxes = evaluation.boxes.order_by("image_id", "pk").values(*fields)
    return {"format": 1, **summary(evaluation), "boxes": list(boxes)}
