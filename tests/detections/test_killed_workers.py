"""Batches done by real workers that are killed (-9) or told to stop in the middle: every image once, whoever did it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.test import override_settings
from django.utils import timezone

from detections.actions import resume_batch, start_folder_batch
from detections.models import Detection, DetectionBatch
from sw_site.jobs.models import Job, JobState
from tests.detections.builders import make_detector
from tests.factories import picture_bytes
from tests.postgres import as_default, migrated

ROOT = Path(__file__).resolve().parents[2]
PHOTOS = 192
LIMIT_SECONDS = 120


@pytest.fixture
def site(tmp_path: Path, django_db_blocker) -> Iterator[Path]:
    """A data folder with a database file that workers and this test share."""
    places = {"DATA_DIR": tmp_path, "MEDIA_ROOT": tmp_path / "media", "RUNS_ROOT": tmp_path / "runs"}
    with ExitStack() as until_the_end:
        until_the_end.enter_context(django_db_blocker.unblock())
        until_the_end.enter_context(override_settings(**places))
        until_the_end.enter_context(as_default(migrated(f"sqlite:///{tmp_path / 'db.sqlite3'}")))
        yield tmp_path


@pytest.fixture
def batch(site: Path) -> DetectionBatch:
    (folder := site / "photos").mkdir()
    photo = picture_bytes(1600, 1200)
    for n in range(PHOTOS):
        (folder / f"{n:03}.jpg").write_bytes(photo)
    return start_folder_batch(make_detector(), str(folder), None)


@contextmanager
def worker(site: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of the queue "gpu" of its own process; killed at the end if it still lives."""
    own = {"DATA_DIR": str(site), "DJANGO_SETTINGS_MODULE": "sw_site.settings"}
    argv = [sys.executable, "manage.py", "worker", "--queues", "gpu", "--interval", "0.1"]
    process = subprocess.Popen(argv, cwd=ROOT, env={**os.environ, "DATABASE_URL": "", **own})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(batch: DetectionBatch, happened: Callable[[DetectionBatch], bool]) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        batch.refresh_from_db()
        batch.job.refresh_from_db()
        if happened(batch):
            return
        time.sleep(0.01)
    raise AssertionError(f"{batch.job.state}: {batch.job.message} {batch.job.error}, {batch.done} done")


def kill_after(batch: DetectionBatch, site: Path, images: int) -> None:
    """A worker does so many images and some more, and is killed among the next."""
    with worker(site) as process:
        wait_until(batch, lambda batch: batch.done >= images)
        process.kill()
    batch.refresh_from_db()
    batch.job.refresh_from_db()
    assert batch.job.state == JobState.RUNNING and images <= batch.done < PHOTOS
    # It has been silent for an hour.
    Job.objects.filter(pk=batch.job_id).update(heartbeat=timezone.now() - timedelta(hours=1))


def expect_each_once(batch: DetectionBatch) -> None:
    assert batch.done == PHOTOS and not batch.problems
    names = Counter(batch.images.values_list("file_name", flat=True))
    assert names == {f"{n:03}.jpg": 1 for n in range(PHOTOS)}
    assert Detection.objects.filter(image__batch=batch).count() == PHOTOS
    # the small copies: those of the rows and no others
    folder = Path(default_storage.path(f"detections/{batch.pk}/previews"))
    kept = {f"detections/{batch.pk}/previews/{file.name}" for file in folder.iterdir()}
    assert kept == set(batch.images.values_list("file", flat=True)) and len(kept) == PHOTOS


def test_another_worker_goes_on_where_one_was_killed(batch, site):
    kill_after(batch, site, 64)
    kept = set(batch.images.values_list("pk", flat=True))
    with worker(site):
        wait_until(batch, lambda batch: not batch.job.is_active)
    assert (batch.job.state, batch.job.attempt) == (JobState.SUCCEEDED, 2), batch.job.error
    assert batch.job.result == {"images": PHOTOS, "boxes": PHOTOS, "problems": 0}
    assert kept <= set(batch.images.values_list("pk", flat=True))
    expect_each_once(batch)


def test_a_batch_whose_workers_die_again_and_again_fails_and_can_still_be_finished(batch, site):
    for images in (32, 96):
        kill_after(batch, site, images)
    with worker(site):
        wait_until(batch, lambda batch: not batch.job.is_active)
        assert batch.job.state == JobState.FAILED and "died 2 times" in batch.job.error
        assert 96 <= batch.done < PHOTOS
        resume_batch(batch)
        wait_until(batch, lambda batch: not batch.job.is_active)
    assert batch.job.state == JobState.SUCCEEDED, batch.job.error
    expect_each_once(batch)


def test_a_batch_is_cancelled_while_a_worker_is_at_it_and_goes_on_later(batch, site):
    with worker(site):
        wait_until(batch, lambda batch: batch.done >= 32)
        batch.job.request_cancel()
        wait_until(batch, lambda batch: not batch.job.is_active)
        assert batch.job.state == JobState.CANCELLED and batch.images.count() == batch.done < PHOTOS
        resume_batch(batch)
        wait_until(batch, lambda batch: not batch.job.is_active)
    assert batch.job.state == JobState.SUCCEEDED, batch.job.error
    expect_each_once(batch)


def test_a_worker_that_is_told_to_stop_puts_its_batch_back(batch, site):
    with worker(site) as process:
        wait_until(batch, lambda batch: batch.done >= 32)
        process.terminate()
        assert process.wait(LIMIT_SECONDS) == 0
    batch.refresh_from_db()
    batch.job.refresh_from_db()
    assert (batch.job.state, batch.job.attempt) == (JobState.QUEUED, 0) and 32 <= batch.done < PHOTOS
    with worker(site):
        wait_until(batch, lambda batch: not batch.job.is_active)
    assert batch.job.state == JobState.SUCCEEDED, batch.job.error
    expect_each_once(batch)
