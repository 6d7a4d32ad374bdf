"""What one can ask for: an evaluation or a batch. Views, API and commands call these; checks come before any row."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from datasets.browsing import GridFilter
from datasets.models import Dataset, DatasetVersion
from datasets.pictures import SUFFIXES
from detections import jobs
from detections.batches import Upload, batch_items
from detections.classes import ClassMap
from detections.evaluation import check_evaluation
from detections.inference import check_model
from detections.models import BatchSource, DetectionBatch, Evaluation, Labels
from detections.tables import table_of
from sw_site.jobs.context import Reporter
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import create_job, enqueue, retry, run_here, submit
from sw_site.lib.errors import UserError
from training.models import TrainedModel

if TYPE_CHECKING:
    from sw_site.accounts.models import User

MAX_UPLOAD_BYTES = 100 * 1024 * 1024


@transaction.atomic
def start_evaluation(
    model: TrainedModel, version: DatasetVersion, split: str, user: User | None, mapping: ClassMap | None = None
) -> Evaluation:
    """An evaluation that a worker will do. Raises UserError when there is nothing to measure.

    ClassesDiffer when the model has classes the version does not: ask which is which and come again with `mapping`.
    """
    check_evaluation(model, version, split, mapping)
    check_model(model)
    rows = {"model": model, "version": version, "split": split, "created_by": user}
    return queue_evaluation(Evaluation.objects.create(**rows, mapping=dict(mapping or {})), user)


@transaction.atomic
def measure_again(source: Evaluation, user: User | None) -> Evaluation:
    """The same predictions beside the labels the images have now. Raises UserError when there are none."""
    table_of(source)
    same = {"model": source.model, "version": source.version, "split": source.split, "mapping": source.mapping}
    again = Evaluation.objects.create(**same, labels=Labels.CURRENT, source=source, created_by=user)
    return queue_evaluation(again, user)


def queue_evaluation(evaluation: Evaluation, user: User | None) -> Evaluation:
    evaluation.job = submit(jobs.evaluate, user=user, **job_of(evaluation))
    evaluation.save(update_fields=["job"])
    return evaluation


def evaluate_here(
    model: TrainedModel, version: DatasetVersion, split: str, report: Reporter, mapping: ClassMap | None = None
) -> Evaluation:
    """An evaluation done in this process. Raises UserError when it cannot be done or was not finished."""
    check_evaluation(model, version, split, mapping)
    check_model(model)
    with transaction.atomic():
        evaluation = Evaluation.objects.create(model=model, version=version, split=split, mapping=dict(mapping or {}))
        evaluation.job = create_job(jobs.evaluate, **job_of(evaluation))
        evaluation.save(update_fields=["job"])
    try:
        done = run_here(evaluation.job, report)
    except KeyboardInterrupt:
        evaluation.job.refresh_from_db()
        evaluation.job.finish(JobState.CANCELLED, message="Cancelled from the keyboard.")
        raise
    if done.state != JobState.SUCCEEDED:
        raise UserError("evaluation_failed", done.error or done.message)
    evaluation.refresh_from_db()
    return evaluation


def job_of(evaluation: Evaluation) -> dict[str, Any]:
    again = " with the labels of now" if evaluation.labels == Labels.CURRENT else ""
    return {
        "kind": "evaluation",
        "title": f"Evaluate {evaluation}{again}",
        "payload": {"evaluation_id": evaluation.pk},
        "subject_url": evaluation.get_absolute_url(),
    }


def start_version_batch(
    model: TrainedModel, version: DatasetVersion, split: str, user: User | None, **fields: Any
) -> DetectionBatch:
    batch = DetectionBatch(
        model=model, source=BatchSource.VERSION, version=version, split=split, created_by=user, **fields
    )
    return start_batch(batch, f"{version} {split}")


def start_filter_batch(
    model: TrainedModel, dataset: Dataset, query: str, user: User | None, *, deliver: bool = True, **fields: Any
) -> DetectionBatch:
    """The images of a filter as they are now; `query` as in the address of the grid, empty for all of them.

    Without `deliver` no worker hears of it: the caller does its job here.
    """
    found = GridFilter.parse_strictly(query)
    ids = list(found.apply(dataset, user).filter(defect="").order_by("pk").values_list("pk", flat=True))
    values = {"dataset": dataset, "query": found.query_string(), "created_by": user, **fields}
    batch = DetectionBatch(model=model, source=BatchSource.FILTER, **values)
    return start_batch(batch, f"{len(ids):,} photos of {dataset}", deliver, ids=ids)


def resume_batch(batch: DetectionBatch, *, deliver: bool = True) -> Job:
    """Go on with a batch that was stopped or failed; what it found stays. UserError when there is nothing to resume."""
    job = batch.job
    if job is None:
        raise UserError("not_resumable", "The job of this batch is gone. Start another detection.", 409)
    waits = job.state == JobState.QUEUED and not deliver
    if not waits and not retry(job, deliver=deliver):
        state = job.get_state_display().lower()
        raise UserError("not_resumable", f"This batch is {state}; only one that was stopped or failed goes on.", 409)
    return job


def start_folder_batch(model: TrainedModel, folder: str, user: User | None, **fields: Any) -> DetectionBatch:
    """Every image below a folder of the server. Staff only: it shows files that lie outside the site."""
    if user is not None and not user.is_staff:
        raise UserError("not_allowed", "Only staff may read folders of the server. Upload the images instead.", 403)
    batch = DetectionBatch(model=model, source=BatchSource.FOLDER, folder=folder, created_by=user, **fields)
    return start_batch(batch, folder)


def start_upload_batch(
    model: TrainedModel, files: Sequence[UploadedFile], user: User | None, **fields: Any
) -> DetectionBatch:
    """Images from the browser, kept in the storage below detections/<batch>/. What is no image is listed later."""
    check_uploads(files)
    batch = DetectionBatch(model=model, source=BatchSource.UPLOAD, created_by=user, **fields)
    check_model(model)
    stored: list[str] = []
    try:
        with transaction.atomic():
            batch.save()
            uploads: list[Upload] = []
            for number, file in enumerate(files, start=1):
                stored.append(default_storage.save(upload_name(batch, number, file), file))
                uploads.append({"file": stored[-1], "name": Path(file.name or "").name})
            submit_batch(batch, f"{len(files)} uploaded images", uploads=uploads)
    except BaseException:
        for name in stored:
            with suppress(OSError):
                default_storage.delete(name)
        raise
    return batch


def check_uploads(files: Sequence[UploadedFile]) -> None:
    if not files:
        raise UserError("no_images", "No images came with the form. Choose at least one and send it again.")
    for file in files:
        if (file.size or 0) > MAX_UPLOAD_BYTES:
            limit = MAX_UPLOAD_BYTES // 1024**2
            raise UserError(
                "file_too_large", f"“{file.name}” is larger than {limit} MB. Leave it out or make it smaller."
            )


def upload_name(batch: DetectionBatch, number: int, file: UploadedFile) -> str:
    suffix = Path(file.name or "").suffix.lower()
    return f"detections/{batch.pk}/{number:06d}{suffix if suffix in SUFFIXES else ''}"


@transaction.atomic
def start_batch(batch: DetectionBatch, where: str, deliver: bool = True, **payload: Any) -> DetectionBatch:
    """Save and queue a batch whose images are there already. Raises UserError when there are none."""
    batch_items(batch, **payload)
    check_model(batch.model)
    batch.save()
    submit_batch(batch, where, deliver, **payload)
    return batch


def submit_batch(batch: DetectionBatch, where: str, deliver: bool = True, **payload: Any) -> None:
    batch.job = create_job(
        jobs.detect,
        kind="detection",
        title=f"Detect with {batch.model} on {where}",
        payload={"batch_id": batch.pk, **payload},
        user=batch.created_by,
        queue="gpu",
        subject_url=batch.get_absolute_url(),
    )
    batch.save(update_fields=["job"])
    if deliver:
        enqueue(batch.job)
