"""Imports from folders on the server, from addresses and from videos, as jobs that end in the same report."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone

from datasets.formats.records import FormatError, Problem
from datasets.importing.importer import ImportOptions, import_source
from datasets.importing.preview import preview
from datasets.importing.report import ImportReport
from datasets.jobs import remove_upload, submit_thumbnails
from datasets.models import Dataset
from datasets.sources.confined import open_confined
from datasets.sources.fetched import Fetched, import_fetched, part_of, working_folder
from datasets.sources.roots import allowed_path, allowed_video, import_roots
from datasets.sources.urls import fetch_list, parse_list
from datasets.sources.video import FrameChoice, take_frames
from sw_site.jobs.context import JobContext
from sw_site.jobs.errors import JobError
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import create_job
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User

KEPT = timedelta(days=7)


def run_folder_import(context: JobContext, dataset_id: int, path: str, **options: Any) -> dict[str, Any] | None:
    """Job: import a folder or zip below the import roots, as they are set now."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        return None
    try:
        source = open_confined(allowed_path(path), import_roots())
        report = import_source(dataset, source, ImportOptions(**options), user_of(context), context.step)
    except UserError as error:
        raise JobError(error.message) from error
    return finish(context, dataset, report)


def run_folder_preview(context: JobContext, dataset_id: int, path: str, **options: Any) -> dict[str, Any] | None:
    """Job: what an import of a folder or zip below the import roots would do."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        return None
    try:
        source = open_confined(allowed_path(path), import_roots())
        found = preview(dataset, source, ImportOptions(**options), context.step)
    except UserError as error:
        raise JobError(error.message) from error
    context.progress(1, 1, found.sentence())
    return found.as_json()


def run_url_import(context: JobContext, dataset_id: int, text: str) -> dict[str, Any] | None:
    """Job: fetch the images of a list of addresses, then import them."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        return None
    try:
        with working_folder(context) as folder:
            check_urls_on()
            fetched = fetch_list(parse_list(text), folder, part_of(context.step, 0, 0.8))
            report = import_fetched(dataset, fetched, user_of(context), part_of(context.step, 0.8, 1))
    except UserError as error:
        raise JobError(error.message) from error
    return finish(context, dataset, report)


def run_video_import(
    context: JobContext, dataset_id: int, videos: list[str], kept_in: str = "", confined: bool = False, **choice: Any
) -> dict[str, Any] | None:
    """Job: take frames from videos, then import them.

    `kept_in` is an upload, thrown away once it was read; `confined` videos must lie below the import roots.
    """
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        return None
    with working_folder(context) as folder:
        fetched = Fetched(folder)
        paths = [_still_allowed(text) if confined else Path(text) for text in videos]
        alike = sum(_frames_of(context, paths, FrameChoice(**choice), fetched))
        if not fetched.origins:
            raise JobError(" ".join(f"{problem.file}: {problem.message}" for problem in fetched.problems))
        report = import_fetched(dataset, fetched, user_of(context), part_of(context.step, 0.8, 1))
    if kept_in:
        context.when_done(lambda: remove_upload(Path(kept_in)))
    return finish(context, dataset, report, {"frames_alike": alike})


def _still_allowed(text: str) -> Path:
    try:
        return allowed_video(text)
    except UserError as error:
        raise JobError(error.message) from error


def _frames_of(context: JobContext, videos: list[Path], choice: FrameChoice, fetched: Fetched) -> list[int]:
    """How many near-identical frames each video had. One that cannot be read does not keep the others back."""
    alike = []
    for number, video in enumerate(videos):
        start, end = (0.8 * place / len(videos) for place in (number, number + 1))
        try:
            alike.append(take_frames(video, choice, fetched, part_of(context.step, start, end)))
        except FormatError as error:
            fetched.problems.append(Problem(video.name, error.code, error.message))
        except OSError as error:
            message = f"The video could not be read ({error.strerror}). Send it again."
            fetched.problems.append(Problem(video.name, "video_not_readable", message))
    return alike


def finish(
    context: JobContext, dataset: Dataset, report: ImportReport, also: dict[str, Any] | None = None
) -> dict[str, Any]:
    left_out = f" {also['frames_alike']:,} near-identical frames were left out." if also and any(also.values()) else ""
    context.progress(1, 1, report.sentence() + left_out)
    submit_thumbnails(dataset, user_of(context))
    return {**report.as_json(), **(also or {})}


def user_of(context: JobContext) -> User | None:
    return get_user_model().objects.filter(pk=context.job.user_id).first() if context.job.user_id else None


def check_urls_on() -> None:
    """Raises UserError 403 while fetching addresses is switched off."""
    if not settings.URL_IMPORT:
        message = "Importing from addresses is switched off. Whoever runs this site can set SW_URL_IMPORT=true."
        raise UserError("url_import_off", message, 403)


def folder_job(dataset: Dataset, path: Path, options: ImportOptions, user: User | None) -> Job:
    """The Job row of an import from the server, not queued yet. `path` is one that `allowed_path` gave."""
    payload = {"path": str(path), **asdict(options)}
    return _job(run_folder_import, dataset, f"Import of {path.name} into {dataset.name}", payload, user)


def folder_preview_job(dataset: Dataset, path: Path, options: ImportOptions, user: User | None) -> Job:
    """The same for a preview."""
    payload = {"path": str(path), **asdict(options)}
    return _job(run_folder_preview, dataset, f"Preview of {path.name} for {dataset.name}", payload, user, "preview")


def is_of_server(job: Job) -> bool:
    """Whether a preview is of a folder of the server, which is no upload to be thrown away."""
    return job.handler.endswith(run_folder_preview.__name__)


def url_job(dataset: Dataset, text: str, user: User | None) -> Job:
    """The same for a list of addresses.

    Raises:
        UserError: it is switched off, or the list is empty or too long.
    """
    check_urls_on()
    count = len(parse_list(text))
    return _job(run_url_import, dataset, f"Import of {count:,} addresses into {dataset.name}", {"text": text}, user)


def video_job(
    dataset: Dataset,
    videos: list[Path],
    choice: FrameChoice,
    user: User | None,
    kept_in: str = "",
    confined: bool = False,
) -> Job:
    """The same for videos; see `run_video_import`. Raises UserError for a choice that makes no sense."""
    choice.check()
    paths = [str(video) for video in videos]
    payload = {"videos": paths, "kept_in": kept_in, "confined": confined, **asdict(choice)}
    what = videos[0].name if len(videos) == 1 else f"{len(videos)} videos"
    return _job(run_video_import, dataset, f"Frames of {what} into {dataset.name}", payload, user)


def _job(
    work: Any, dataset: Dataset, title: str, payload: dict[str, Any], user: User | None, kind: str = "import"
) -> Job:
    payload = {"dataset_id": dataset.pk, **payload}
    return create_job(work, kind=kind, title=title, payload=payload, user=user, subject_url=dataset.get_absolute_url())


def sweep_videos() -> None:
    """Throw away videos whose import failed or was cancelled a week ago; until then it can be tried again."""
    ended = Job.objects.filter(kind="import", state__in=[JobState.FAILED, JobState.CANCELLED])
    rows = ended.filter(payload__kept_in__gt="", finished_at__lt=timezone.now() - KEPT)
    for text in rows.values_list("payload__kept_in", flat=True):
        folder = Path(text)
        if folder.is_relative_to(settings.UPLOADS_ROOT) and folder.exists():
            remove_upload(folder)
