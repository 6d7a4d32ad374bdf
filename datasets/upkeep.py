"""What comes back by the clock (JOB_SCHEDULE): uploads that nobody needs any more, thumbnails that were never made."""

from __future__ import annotations

import time
from pathlib import Path

from django.conf import settings

from datasets.jobs import remove_upload, submit_thumbnails
from datasets.models import Dataset, Image
from datasets.sources.jobs import sweep_videos
from sw_site.jobs.context import JobContext
from sw_site.jobs.models import Job
from sw_site.jobs.queue import submit

KEPT_DAYS = 7
#: Jobs that make thumbnails, or end with a job that does.
MAKING = ("import", "thumbnails")


def submit_clean_up() -> None:
    submit(clean_up, kind="clean_up", title="Clean-up of uploads", payload={})


def clean_up(context: JobContext) -> None:
    """Job: what was uploaded for an import that did not come about."""
    sweep_uploads()
    context.check()
    sweep_videos()


def sweep_uploads() -> None:
    """Remove what was uploaded for a preview a week ago and never imported."""
    limit = time.time() - KEPT_DAYS * 86_400
    rows = Job.objects.filter(kind="preview").values_list("payload__path", "created_at")
    for path, created in rows:
        folder = Path(path)
        if created.timestamp() < limit and folder.is_relative_to(settings.UPLOADS_ROOT):
            remove_upload(folder)


def submit_missing_thumbnails() -> None:
    """A job for each dataset with images that have none, though nothing is at work that would make them."""
    missing = Image.objects.filter(has_thumbnails=False, defect="").order_by().values("dataset").distinct()
    busy = Job.objects.active().filter(kind__in=MAKING).values_list("payload__dataset_id", flat=True)
    for dataset in Dataset.objects.filter(pk__in=missing).exclude(pk__in=[pk for pk in busy if pk]):
        submit_thumbnails(dataset, None)
