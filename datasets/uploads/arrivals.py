"""Photos go into the dataset while the rest of the upload is still on its way, so that labelling can begin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from datasets.importing.importer import ImportOptions, import_source
from datasets.importing.source import Entry, FolderSource
from datasets.jobs import submit_thumbnails
from datasets.models import Upload, UploadBatch
from datasets.pictures import SUFFIXES
from sw_site.jobs.context import JobContext
from sw_site.jobs.models import Job
from sw_site.jobs.queue import submit

if TYPE_CHECKING:
    from django.db.models import QuerySet

AT_ONCE = 200
KIND = "arrivals"


class ListedSource(FolderSource):
    """Some files of a folder."""

    def __init__(self, root: Path, names: list[str]) -> None:
        super().__init__(root)
        self._names = names

    def entries(self) -> Iterator[Entry]:
        for name in self._names:
            yield Entry(PurePosixPath(name), (self.root / name).stat().st_size)


def is_photo(upload: Upload) -> bool:
    return PurePosixPath(upload.path).suffix.lower() in SUFFIXES


def waiting(batch: UploadBatch) -> QuerySet[Upload]:
    return batch.uploads.filter(finished_at__isnull=False, taken_at=None)


def announce(upload: Upload) -> None:
    """A file is whole: have it taken in, unless a job is at it that will see it too."""
    batch = upload.batch
    if not is_photo(upload):
        return
    with transaction.atomic():
        UploadBatch.objects.select_for_update().get(pk=batch.pk)  # three files end at once, and one job is enough
        if Job.objects.active().filter(kind=KIND, payload__batch_id=str(batch.pk)).exists():
            return
        submit(
            take_arrivals,
            kind=KIND,
            title=f"New photos of {batch.dataset.name}",
            payload={"batch_id": str(batch.pk)},
            user=batch.user,
            subject_url=batch.dataset.get_absolute_url(),
        )


def take_arrivals(context: JobContext, batch_id: str) -> dict[str, int] | None:
    """Job: every whole photo of a batch becomes an image. Labels and archives wait for the import at the end."""
    batch = UploadBatch.objects.select_related("dataset").filter(pk=batch_id, closed_at=None).first()
    if batch is None:
        return None
    user = get_user_model().objects.get(pk=batch.user_id)
    added = 0
    while rows := [upload for upload in waiting(batch)[:AT_ONCE] if is_photo(upload)]:
        context.check()
        source = ListedSource(batch.files, [upload.path for upload in rows])
        added += import_source(batch.dataset, source, ImportOptions({}), user).images_added
        Upload.objects.filter(pk__in=[upload.pk for upload in rows]).update(taken_at=timezone.now())
        context.progress(added, added, f"{added:,} new photos")
    submit_thumbnails(batch.dataset, user)
    return {"images_added": added}
