"""Background work of detections. Work functions take ids and plain values, and return quietly if the row is gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from datasets.curation.jobs import who
from datasets.jobs import submit_thumbnails
from datasets.models import BulkChange
from datasets.sources.fetched import working_folder
from detections.batches import Upload, detect_batch
from detections.evaluation import keep, measure
from detections.mistakes.folds import search_by_folds
from detections.mistakes.search import search_with_model
from detections.models import DetectionBatch, Evaluation, MistakeSearch
from detections.prelabel import Wish, prelabel, sentence
from detections.sending import send
from sw_site.jobs.context import JobContext
from sw_site.jobs.errors import JobError
from sw_site.lib.errors import UserError
from training.models import TrainedModel


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


def detect(
    context: JobContext, batch_id: int, uploads: Sequence[Upload] = (), ids: Sequence[int] = ()
) -> dict[str, Any] | None:
    """Job: detect on every image of a batch. `uploads` names the files when they came through the browser, `ids` the
    images when they are those of a dataset. Done again, it goes on where it was stopped.
    """
    batch = (
        DetectionBatch.objects.select_related("model__run", "version__dataset", "dataset").filter(pk=batch_id).first()
    )
    if batch is None:
        return None
    with told_to_people():
        images, boxes = detect_batch(batch, uploads, context.step, ids)
    context.progress(1, 1, f"{boxes:,} boxes on {images:,} images")
    return {"images": images, "boxes": boxes, "problems": len(batch.problems)}


def run_prelabel(
    context: JobContext, change_id: int, model_id: int, ids: list[int], wish: dict[str, Any], targets: dict[str, int]
) -> dict[str, Any] | None:
    """Job: a model's boxes as proposals on images of a dataset. What it has written stays when it is stopped."""
    change = BulkChange.objects.select_related("dataset").filter(pk=change_id).first()
    model = TrainedModel.objects.select_related("run").filter(pk=model_id).first()
    if change is None or model is None:
        return None
    with told_to_people():
        tally, problems = prelabel(change, model, ids, Wish(**wish), targets, context.step)
    for problem in problems:
        context.log(f"{problem.file}: {problem.message}")
    unread = f" {len(problems):,} photos could not be read; the log names them." if problems else ""
    context.progress(1, 1, sentence(tally) + unread)
    rows = [problem.as_json() for problem in problems]
    return {"change": change.pk, "sentence": sentence(tally) + unread, **asdict(tally), "problems": rows}


def search_mistakes(context: JobContext, search_id: int) -> dict[str, Any] | None:
    """Job: look for labels that are probably wrong; with folds the trainings are part of it."""
    search = MistakeSearch.objects.select_related("dataset", "model__run__version").filter(pk=search_id).first()
    if search is None:
        return None
    with told_to_people():
        summary = search_by_folds(search, context) if search.folds else search_with_model(search, context.step)
    found = sum(summary["kinds"].values())
    context.progress(1, 1, f"{found:,} doubtful places on {summary['images']:,} images")
    return {"images": summary["images"], "suspicions": found, "problems": len(summary["problems"])}


def run_send(
    context: JobContext, change_id: int, batch_id: int, wish: dict[str, Any], targets: dict[str, int]
) -> dict[str, Any] | None:
    """Job: what a batch found, to a dataset as proposals. What it has written stays when it is stopped."""
    change = BulkChange.objects.select_related("dataset").filter(pk=change_id).first()
    batch = DetectionBatch.objects.select_related("model__run").filter(pk=batch_id).first()
    if change is None or batch is None:
        return None
    with told_to_people(), working_folder(context) as folder:
        values = (change, batch, Wish(**wish), targets, folder, who(context))
        tally, added, problems = send(*values, context.step)
    if added:
        submit_thumbnails(change.dataset, who(context))
    for problem in problems:
        context.log(f"{problem.file}: {problem.message}")
    said = f"{sentence(tally)} {added:,} photos are new to {change.dataset}."
    context.progress(1, 1, said)
    rows = [problem.as_json() for problem in problems]
    return {"change": change.pk, "sentence": said, "added": added, **asdict(tally), "problems": rows}


@contextmanager
def told_to_people() -> Iterator[None]:
    try:
        yield
    except UserError as error:
        raise JobError(error.message) from error
