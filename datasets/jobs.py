"""Background work on datasets. Work functions take ids and plain values, and return quietly if the row is gone."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user_model

from datasets.exporting.export import export_dataset
from datasets.formats.detect import FORMATS
from datasets.importing.importer import ImportOptions, import_source
from datasets.importing.preview import preview
from datasets.importing.source import open_source
from datasets.lookup import version_of
from datasets.models import Dataset
from datasets.thumbnails import thumbnail_all
from sw_site.jobs.context import JobContext
from sw_site.jobs.errors import JobError
from sw_site.jobs.models import Job
from sw_site.jobs.queue import create_job, submit
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User


def run_import(
    context: JobContext, dataset_id: int, path: str, remove: bool = False, **options: Any
) -> dict[str, Any] | None:
    """Job: import a folder or zip, with the fields of ImportOptions. `remove` deletes the source afterwards."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        return None

    user = get_user_model().objects.filter(pk=context.job.user_id).first() if context.job.user_id else None
    try:
        report = import_source(dataset, open_source(Path(path)), ImportOptions(**options), user, context.step)
    except UserError as error:
        raise JobError(error.message) from error
    if remove:
        context.when_done(lambda: remove_upload(Path(path)))
    context.progress(1, 1, report.sentence())
    submit_thumbnails(dataset, user)
    return report.as_json()


def remove_upload(path: Path) -> None:
    """Take away what a browser sent, with the folder of its batch when it lies in one; nothing anywhere else."""
    root = Path(settings.UPLOADS_ROOT).resolve()
    path = path.resolve()
    if path == root or not path.is_relative_to(root):
        return
    shutil.rmtree(path, ignore_errors=True)
    if path.parent != root:
        shutil.rmtree(path.parent, ignore_errors=True)


def run_preview(context: JobContext, dataset_id: int, path: str, **options: Any) -> dict[str, Any] | None:
    """Job: what an import of a folder or zip would do. The files stay where they are, for the import itself."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        return None

    try:
        found = preview(dataset, Path(path), ImportOptions(**options), context.step)
    except UserError as error:
        raise JobError(error.message) from error
    context.progress(1, 1, found.sentence())
    return found.as_json()


def preview_job(dataset: Dataset, path: Path, options: ImportOptions, user: User | None = None) -> Job:
    """The Job row of a preview, not queued yet."""
    return create_job(
        run_preview,
        kind="preview",
        title=f"Preview of an import into {dataset.name}",
        payload={"dataset_id": dataset.pk, "path": str(path), **asdict(options)},
        user=user,
        subject_url=dataset.get_absolute_url(),
    )


def run_export(
    context: JobContext, dataset_id: int, format: str, number: int | None, images: bool, originals: bool
) -> dict[str, Any] | None:
    """Job: a zip of a dataset, or of its version `number`, to be downloaded."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        return None

    try:
        version = version_of(dataset, number) if number is not None else None
        what = f"{dataset.slug}{f'-v{version.number}' if version else ''}-{format}"
        output = export_folder(context.job.pk) / f"{what}.zip"
        shutil.rmtree(output.parent, ignore_errors=True)
        result = export_dataset(
            dataset, format, output, version, images=images, originals=originals, progress=context.step
        )
    except UserError as error:
        raise JobError(error.message) from error
    context.progress(1, 1, f"{result['images']:,} images and {result['boxes']:,} boxes are in {output.name}.")
    return {**result, "output": output.name, "size_bytes": output.stat().st_size}


def export_folder(job_id: int) -> Path:
    return Path(settings.UPLOADS_ROOT).parent / "exports" / str(job_id)


def submit_export(
    dataset: Dataset, format: str, number: int | None, images: bool, originals: bool, user: User | None
) -> Job:
    return submit(
        run_export,
        kind="dataset_export",
        title=f"Export of {dataset.name}{f' version {number}' if number else ''} as {FORMATS[format]}",
        payload={
            "dataset_id": dataset.pk,
            "format": format,
            "number": number,
            "images": images,
            "originals": originals,
        },
        user=user,
        subject_url=dataset.get_absolute_url(),
    )


def submit_thumbnails(dataset: Dataset, user: User | None) -> Job:
    return submit(
        thumbnail_all,
        kind="thumbnails",
        title=f"Thumbnails of {dataset.name}",
        payload={"dataset_id": dataset.pk},
        user=user,
        subject_url=dataset.get_absolute_url(),
    )


def import_job(
    dataset: Dataset, path: Path, options: ImportOptions, user: User | None = None, remove: bool = False
) -> Job:
    """The Job row of an import, not queued yet: the page queues it, the command runs it and waits."""
    return create_job(
        run_import,
        kind="import",
        title=f"Import into {dataset.name}",
        payload={
            "dataset_id": dataset.pk,
            "path": str(path),
            "remove": remove,
            **asdict(options),
        },
        user=user,
        subject_url=dataset.get_absolute_url(),
    )
