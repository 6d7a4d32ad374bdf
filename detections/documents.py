"""Batches and evaluations as JSON: for downloading and for the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import FileResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from datasets.formats.records import AnnotationRecord
from detections.evaluation import summary
from detections.found import check_format, coco_file, record_of, voc_zip
from detections.metrics.matching import MATCH_IOU, OUTCOMES
from detections.metrics.values import Outcome
from detections.models import DetectionBatch, Evaluation
from detections.tables import matching_at, table_of


def batch_document(batch: DetectionBatch, threshold: float = 0.0) -> dict[str, Any]:
    """Every image with its boxes from `threshold` on, best first; edges are pixels of the upright image."""
    names = batch.model.label_map
    images = batch.images.prefetch_related("detections")
    threshold = max(threshold, batch.min_score)
    return {
        "format": 1,
        "batch": batch.pk,
        "model": batch.model.name,
        "source": batch.source,
        "version": str(batch.version) if batch.version else None,
        "split": batch.split,
        "dataset": batch.dataset.name if batch.dataset else None,
        "query": batch.query,
        "folder": batch.folder,
        "min_score": threshold,
        "images": [
            {
                "file": image.file_name,
                "image_id": image.image_id,
                "width": image.width,
                "height": image.height,
                "boxes": [
                    box_json(found.class_id, names, found.score, (found.x1, found.y1, found.x2, found.y2))
                    for found in image.detections.all()
                    if found.score >= threshold
                ],
            }
            for image in images
        ],
        "problems": batch.problems,
    }


def batch_records(batch: DetectionBatch, threshold: float) -> Iterator[AnnotationRecord]:
    """The same as neutral records, some hundred images at a time."""
    images = batch.images.prefetch_related("detections").order_by("pk")
    for image in images.iterator(chunk_size=500):
        boxes = [
            (found.class_id, found.score, (found.x1, found.y1, found.x2, found.y2))
            for found in image.detections.all()
            if found.score >= threshold
        ]
        yield record_of(image.file_name, (image.width, image.height), boxes, batch.model.label_map)


def batch_response(batch: DetectionBatch, kind: str, threshold: float) -> HttpResponseBase:
    """A batch as a file to download. Raises UserError for a format there is not."""
    names, name = batch.model.label_map, f"detections-{batch.pk}"
    response: HttpResponseBase
    if check_format(kind) == "json":
        response = JsonResponse(batch_document(batch, threshold), json_dumps_params={"indent": 1})
    elif kind == "coco":
        response, name = StreamingHttpResponse(coco_file(batch_records(batch, threshold), names)), f"{name}-coco"
        response["Content-Type"] = "application/json"
    else:
        zipped = voc_zip(batch_records(batch, threshold))
        return FileResponse(zipped, as_attachment=True, filename=f"{name}-voc.zip")
    response["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return response


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


def evaluation_document(evaluation: Evaluation, hidden: frozenset[int] = frozenset()) -> dict[str, Any]:
    """The figures, and what became of every predicted box and every object nobody found, at IoU 0.5.

    Figures are of all images; of the `hidden` ones (ids) there are no boxes.
    """
    boxes = judged_boxes(evaluation) if evaluation.boxes_file else []
    shown = [box for box in boxes if box["image_id"] not in hidden]
    return {"format": 2, **summary(evaluation), "boxes": shown}


def judged_boxes(evaluation: Evaluation) -> list[dict[str, Any]]:
    """By falling score, then the missed objects; `score` is null for those. Edges are pixels of the upright image."""
    table = table_of(evaluation)
    matching = matching_at(evaluation.boxes_file, MATCH_IOU)
    edges = ("x1", "y1", "x2", "y2")
    boxes = [
        {"image_id": image_id, "match": OUTCOMES[outcome], "class_id": class_id, "score": score, "iou": iou}
        | dict(zip(edges, box, strict=True))
        for image_id, outcome, class_id, score, iou, box in zip(
            table.image_ids[table.image].tolist(),
            matching.outcome.tolist(),
            table.classes.tolist(),
            table.scores.tolist(),
            matching.iou.tolist(),
            table.boxes.tolist(),
            strict=True,
        )
    ]
    missed = matching.box < 0
    rows = (table.image_ids[table.true_image], table.true_classes, table.true_boxes)
    return boxes + [
        {"image_id": image_id, "match": Outcome.MISSED, "class_id": class_id, "score": None, "iou": 0.0}
        | dict(zip(edges, box, strict=True))
        for image_id, class_id, box in zip(*(column[missed].tolist() for column in rows), strict=True)
    ]
