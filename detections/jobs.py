"""Background work of detections. Work functions take ids and plain values, and return quietly if the row is gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from detections.batches import Upload, detect_batch
from detections.evaluation import keep, measure
from detections.models import DetectionBatch, Evaluation
from sw_site.jobs.context import JobContext
from sw_site.jobs.errors import JobError
from sw_site.lib.errors import UserError


def evaluate(context: JobContext, evaluation_id: int) -> dict[str, Any] | None:
    """Job: measure a model on a version's split. Figures and matches appear together, at the end."""
    rows = Evaluation.objects.select_related("model__run", "version__dataset", "source")
    evaluation = rows.filter(pk=evaluation_id).first()
    if evaluation is None:
        return None
    with told_to_people():
        results = measure(evaluation, context.step)
        context.progress(1, 1, "Comparing with the labels")
        keep(evaluation, results)
    context.progress(1, 1, f"{len(results.images):,} images measured")
    return {"ap": evaluation.ap, "ap50": evaluation.ap50}


def detect(context: JobContext, batch_id: int, uploads: Sequence[Upload] = ()) -> dict[str, Any] | None:
    """Job: detect on every image of a batch. `uploads` names the files when they came through the browser."""
    batch = DetectionBatch.objects.select_related("model__run", "version__dataset").filter(pk=batch_id).first()
    if batch is None:
        return None
    with told_to_people():
        images, boxes = detect_batch(batch, uploads, context.step)
    context.progress(1, 1, f"{boxes:,} boxes on {images:,} images")
    return {"images": images, "boxes": boxes, "problems": len(batch.problems)}


@contextmanager
def told_to_people() -> Iterator[None]:
    try:
        yield
    except UserError as error:
        raise JobError(error.message) from error
