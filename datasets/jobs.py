"""Background work on datasets. Work functions take ids and plain values, and return quietly if the row is gone."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model

from datasets.importing.importer import ImportOptions, import_source
from datasets.importing.source import open_source
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

    def progress(done: int, total: int, message: str) -> None:
        context.check()
        context.progress(done, total, message)

    user = get_user_model().objects.filter(pk=context.job.user_id).first() if context.job.user_id else None
    try:
        report = import_source(dataset, open_source(Path(path)), ImportOptions(**options), user, progress)
    except UserError as error:
        raise JobError(error.message) from error
    if remove:
        shutil.rmtree(path, ignore_errors=True)
    context.progress(1, 1, report.sentence())
    submit_thumbnails(dataset, user)
    return report.as_json()


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
