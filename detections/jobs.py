"""Background work of detections. Work functions take ids and plain values, and return quietly if the row is gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage

from datasets.curation.jobs import who
from datasets.formats.records import FormatError
from datasets.jobs import submit_thumbnails
from datasets.models import BulkChange, Dataset, SavedView
from datasets.sources.fetched import Fetched, import_fetched, part_of, working_folder
from datasets.sources.jobs import finish, user_of
from datasets.sources.video import FrameChoice, take_frames
from detections.batches import Upload, detect_batch
from detections.evaluation import keep, measure
from detections.label_next import choose, fill
from detections.mistakes.folds import search_by_folds
from detections.mistakes.search import search_with_model
from detections.models import DetectionBatch, Evaluation, MistakeSearch, VideoScan
from detections.prelabel import Wish, prelabel, sentence
from detections.sending import send
from detections.videos.work import remarks, scan
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


def scan_video(context: JobContext, scan_id: int) -> dict[str, Any] | None:
    """Job: look at every frame of a video. Its files appear together, at the end."""
    row = VideoScan.objects.select_related("model__run").filter(pk=scan_id).first()
    if row is None:
        return None
    with told_to_people(), working_folder(context) as folder:
        summary = scan(row, folder, context.step)
    context.progress(1, 1, " ".join([f"{summary['frames']:,} frames.", *remarks(summary)]))
    return {"frames": summary["frames"], "seconds": summary["seconds"]}


def import_frames(context: JobContext, scan_id: int, dataset_id: int, numbers: list[int]) -> dict[str, Any] | None:
    """Job: these frames of a video become images of a dataset; they remember their video and time."""
    row = VideoScan.objects.filter(pk=scan_id).first()
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if row is None or dataset is None:
        return None
    source = Path(default_storage.path(row.file))
    with working_folder(context) as folder:
        video = folder / row.file_name
        video.symlink_to(source)  # images are named after the video, not after our file
        fetched = Fetched(folder / "frames")
        choice = FrameChoice(keep_alike=True, numbers=tuple(numbers))
        try:
            take_frames(video, choice, fetched, part_of(context.step, 0, 0.8))
        except (FormatError, OSError) as error:
            raise JobError(f"{row.file_name}: {error}") from error
        report = import_fetched(dataset, fetched, user_of(context), part_of(context.step, 0.8, 1))
    return finish(context, dataset, report)


def run_label_next(
    context: JobContext, batch_id: int, view_id: int, ids: list[int], count: int
) -> dict[str, Any] | None:
    """Job: detect on photos without an answer, then put those worth labelling first into a view."""
    batch = DetectionBatch.objects.select_related("model__run", "dataset").filter(pk=batch_id).first()
    view = SavedView.objects.select_related("dataset").filter(pk=view_id).first()
    if batch is None or view is None:
        return None
    with told_to_people():
        images, boxes = detect_batch(batch, (), context.step, ids)
    chosen = fill(view, choose(batch, count))
    context.progress(1, 1, f"{chosen:,} of {images:,} photos chosen")
    counts = {"images": images, "boxes": boxes, "problems": len(batch.problems)}
    return {**counts, "view": view.pk, "view_url": view.get_absolute_url(), "chosen": chosen}


@contextmanager
def told_to_people() -> Iterator[None]:
    try:
        yield
    except UserError as error:
        raise JobError(error.message) from error
