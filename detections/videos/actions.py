"""What one can ask for: look at a video, send its frames to a dataset. Pages, API and commands call these."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from datasets.models import Dataset
from detections import jobs
from detections.inference import check_model
from detections.video_models import VideoScan
from detections.videos.work import check_video
from sw_site.jobs.models import Job
from sw_site.jobs.queue import submit
from sw_site.lib.errors import UserError
from training.models import TrainedModel

if TYPE_CHECKING:
    from sw_site.accounts.models import User

MOST_BYTES = 8 * 1024**3
MOST_FRAMES = 500
#: Frames nearer than this to one that was chosen show the same thing.
APART_SECONDS = 1.0


def start_video(
    model: TrainedModel, file: UploadedFile, user: User | None, threshold: float = 0.5, track: bool = True
) -> VideoScan:
    """Keep a video and queue the look at it. UserError when it is none, or the model is gone; nothing is left then."""
    if (file.size or 0) > MOST_BYTES:
        raise UserError("file_too_large", "A video may have 8 GB at most. Cut it, or make it smaller.", 413)
    if not 0 < threshold <= 1:
        raise UserError("bad_threshold", "The threshold is a score above 0, up to 1. Give for example 0.5.", 422)
    check_model(model)
    name = Path(file.name or "video").name[-255:]
    row = VideoScan(model=model, file_name=name, threshold=threshold, track=track, created_by=user)
    try:
        with transaction.atomic():
            row.save()
            row.file = default_storage.save(f"videos/{row.pk}/source{suffix_of(name)}", file)
            check_video(Path(default_storage.path(row.file)), name)
            row.job = submit(
                jobs.scan_video,
                kind="video",
                title=f"Detect with {model} on {name}",
                payload={"scan_id": row.pk},
                user=user,
                queue="gpu",
                subject_url=row.get_absolute_url(),
            )
            row.save(update_fields=["file", "job"])
    except BaseException:
        if row.file:
            with suppress(OSError):
                default_storage.delete(row.file)
        raise
    return row


def suffix_of(name: str) -> str:
    suffix = Path(name).suffix.lower()
    return suffix if suffix[1:].isalnum() and len(suffix) < 8 else ""


def send_frames(row: VideoScan, dataset: Dataset, count: int, user: User | None) -> Job:
    """Queue an import of the frames of which the model is least sure. UserError when there are none."""
    if not 1 <= count <= MOST_FRAMES:
        raise UserError("bad_count", f"Choose 1 to {MOST_FRAMES} frames.", 422)
    if not (numbers := uncertain_frames(row, count)):
        raise UserError(
            "no_frames", "The model saw nothing here, sure or unsure, so no frame is better than another.", 409
        )
    return submit(
        jobs.import_frames,
        kind="import",
        title=f"{len(numbers)} frames of {row.file_name} into {dataset.name}",
        payload={"scan_id": row.pk, "dataset_id": dataset.pk, "numbers": numbers},
        user=user,
        subject_url=dataset.get_absolute_url(),
    )


def uncertain_frames(row: VideoScan, count: int) -> list[int]:
    """Numbers of up to `count` frames, the most uncertain first, no two within a second."""
    chosen: list[tuple[int, float]] = []
    for _, frame, seconds in row.summary.get("uncertain", []):
        if all(abs(seconds - other) >= APART_SECONDS for _, other in chosen):
            chosen.append((frame, seconds))
        if len(chosen) == count:
            break
    return [frame for frame, _ in chosen]
