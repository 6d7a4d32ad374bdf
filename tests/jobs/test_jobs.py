"""The Job row: every way a piece of background work can go."""

import errno
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.db.utils import OperationalError
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from sw_site.jobs.errors import JobError
from sw_site.jobs.lost import LostJobs
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import create_job, look_for_work, retry, run_claimed, run_here, submit
from sw_site.jobs.shutdown import stopping
from sw_site.lib.files.where import StoreGone

pytestmark = pytest.mark.django_db(transaction=True)


def add_up(context, numbers):
    for done, number in enumerate(numbers, start=1):
        context.check()
        context.progress(done, len(numbers), f"added {number}")
        context.log(f"line {number}")
    return {"sum": sum(numbers)}


def refuse(context):
    raise JobError("There is no train split. Freeze a version with one.")


def crash(context):
    raise RuntimeError("boom")


def fill_disk(context):
    raise OSError(errno.ENOSPC, "No space left on device")


def lose_the_database(context):
    raise OperationalError("server closed the connection unexpectedly")


def lose_the_store(context):
    raise StoreGone("no route to host")


def find_it_read_only(context):
    raise OSError(errno.EROFS, "Read-only file system", "/data/media")


def throw_away_its_source(context, file):
    assert Path(file).exists(), "an attempt that cannot be made again"
    context.when_done(Path(file).unlink)


def throw_away_and_lose_the_database(context, file):
    throw_away_its_source(context, file)
    if context.job.attempt == 1:
        raise OperationalError("the server is gone")


def cancel_itself(context):
    Job.objects.get(pk=context.job.pk).request_cancel()
    context.flush()
    context.check()


def stop_worker(context):
    stopping.set()
    context.check()


def make(work, **payload):
    return create_job(work, kind="test", title="A test", payload=payload)


@pytest.fixture(autouse=True)
def worker_goes_on():
    yield
    stopping.clear()


def test_work_is_done_with_progress_log_and_result():
    seen = []
    job = run_here(make(add_up, numbers=[1, 2]), lambda fraction, message: seen.append((fraction, message)))
    assert (job.state, job.result, job.progress, job.log) == ("succeeded", {"sum": 3}, 1.0, "line 1\nline 2\n")
    assert seen == [(0.5, "added 1"), (1.0, "added 2")] and job.seconds is not None


def test_a_worker_takes_it_from_its_queue():
    job = submit(add_up, kind="test", title="t", payload={"numbers": [4]}, queue="gpu")
    call_command("worker", queues="default", batch=True)
    job.refresh_from_db()
    assert job.state == "queued"
    call_command("worker", queues="gpu", batch=True)
    job.refresh_from_db()
    assert job.state == "succeeded" and DBTaskResult.objects.get().queue_name == "gpu"


def test_a_job_that_its_maker_keeps_to_itself_is_taken_by_no_worker():
    job = make(add_up, numbers=[1])
    call_command("worker", batch=True)
    job.refresh_from_db()
    assert job.state == "queued"


def test_a_queue_that_does_not_exist_is_refused():
    with pytest.raises(CommandError, match="no queue cpu"):
        call_command("worker", queues="default,cpu", batch=True)


def test_a_refusal_is_shown_as_it_is():
    job = run_here(make(refuse))
    assert (job.state, job.error) == ("failed", "There is no train split. Freeze a version with one.")


def test_a_crash_leaves_a_sentence_and_the_traceback():
    job = run_here(make(crash))
    assert job.state == "failed" and "boom" in job.error and "RuntimeError" in job.log


def test_a_full_disk_is_called_by_its_name():
    assert "disk is full" in run_here(make(fill_disk)).error


def test_a_disk_that_takes_nothing_is_called_by_its_name():
    assert "cannot be written (/data/media)" in run_here(make(find_it_read_only)).error


@pytest.mark.parametrize("work", [lose_the_database, lose_the_store])
def test_a_job_that_lost_its_database_or_its_files_is_tried_once_more_then_failed(work):
    job = run_here(make(work))
    assert (job.state, job.attempt, job.worker) == ("queued", 1, "") and "goes on" in job.message
    job = run_here(job)
    assert (job.state, job.attempt) == ("failed", 2) and "did not answer" in job.error


def test_what_a_job_was_made_from_goes_when_its_success_is_written(tmp_path):
    """Not before: the next attempt needs it."""
    (source := tmp_path / "source").touch()
    job = run_here(make(throw_away_and_lose_the_database, file=str(source)))
    assert job.state == "queued" and source.exists()
    assert run_here(job).state == "succeeded" and not source.exists()


def test_an_attempt_that_another_overtook_throws_nothing_away(tmp_path):
    (source := tmp_path / "source").touch()
    job = make(throw_away_its_source, file=str(source))
    Job.objects.claim(job.pk, "here")
    job.refresh_from_db()
    with mock.patch.object(Job, "finish", return_value=False):
        run_claimed(job.pk)
    assert source.exists()


def test_a_waiting_job_is_cancelled_at_once():
    job = make(add_up, numbers=[1])
    job.request_cancel()
    assert job.state == "cancelled"
    assert run_here(job).result is None


def test_a_running_job_stops_at_its_next_safe_point():
    assert run_here(make(cancel_itself)).state == "cancelled"


def test_a_stopped_worker_puts_its_job_back():
    job = run_here(make(stop_worker))
    assert (job.state, job.attempt) == ("queued", 0) and DBTaskResult.objects.count() == 1


def test_a_job_delivered_twice_runs_once():
    job = submit(add_up, kind="test", title="t", payload={"numbers": [4]})
    assert look_for_work.call("default") == job.pk
    finished = Job.objects.get(pk=job.pk).finished_at
    assert look_for_work.call("default") is None
    assert Job.objects.get(pk=job.pk).finished_at == finished and Job.objects.get(pk=job.pk).attempt == 1


def test_a_job_that_is_gone_is_left_alone():
    submit(add_up, kind="test", title="t", payload={"numbers": [4]}).delete()
    assert look_for_work.call("default") is None and not Job.objects.exists()


def lost(**values):
    job = make(add_up, numbers=[1])
    old = timezone.now() - timedelta(minutes=10)
    Job.objects.filter(pk=job.pk).update(**{"state": JobState.RUNNING, "heartbeat": old, "attempt": 1, **values})
    return job


class Clock:
    """A clock that only goes forward, by hand."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def reap(clock):
    """Look for lost jobs now and so many seconds later; gives the ids of those found then."""
    jobs = LostJobs(clock)

    def look(seconds=20):
        first = jobs.reap()
        clock.now += seconds
        return [job.pk for job in first + jobs.reap()]

    return look


def test_a_job_whose_worker_died_is_tried_once_more_then_failed(reap):
    job = lost()
    assert reap() == [job.pk]
    job.refresh_from_db()
    assert job.state == "queued" and DBTaskResult.objects.count() == 1
    Job.objects.filter(pk=job.pk).update(
        state=JobState.RUNNING, attempt=2, heartbeat=timezone.now() - timedelta(minutes=10)
    )
    reap()
    job.refresh_from_db()
    assert job.state == "failed" and "died 2 times" in job.error


def test_a_lost_job_that_was_to_be_cancelled_is_cancelled(reap):
    job = lost(cancel_requested=True)
    reap()
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_job_whose_heartbeat_is_new_has_the_whole_limit(reap):
    job = lost(heartbeat=timezone.now())
    assert reap(59) == []
    assert reap(2) == [job.pk]


@pytest.mark.parametrize("hours", [-5, 5], ids=["back", "forward"])
def test_a_clock_that_was_moved_makes_no_beating_job_lost(reap, hours):
    job = lost()
    for beat in range(30):
        moved = timezone.now() + timedelta(hours=hours, seconds=beat)
        Job.objects.filter(pk=job.pk).update(heartbeat=moved)
        assert reap(5) == []


def test_a_heartbeat_of_the_future_that_stands_still_is_lost(reap):
    job = lost(heartbeat=timezone.now() + timedelta(hours=5))
    assert reap(59) == [] and reap(2) == [job.pk]


def test_a_heartbeat_that_comes_while_its_job_is_given_up_saves_it(reap, clock, monkeypatch):
    job, jobs = lost(), LostJobs(clock)
    jobs.find()
    clock.now += 20
    found = jobs.find()
    Job.objects.filter(pk=job.pk).update(heartbeat=timezone.now())
    monkeypatch.setattr(jobs, "find", lambda: found)
    jobs.reap()
    assert Job.objects.get(pk=job.pk).state == "running"


def test_a_worker_that_comes_back_too_late_changes_nothing(reap):
    job = lost()
    job.refresh_from_db()
    reap()
    assert job.finish(JobState.SUCCEEDED) is False
    assert Job.objects.get(pk=job.pk).state == "queued"


def test_a_failed_job_can_be_tried_again():
    job = run_here(make(crash))
    assert retry(job) and job.state == "queued" and job.error == ""
    assert retry(job) is False


def test_pages(client, visitor, alice):
    job = run_here(make(refuse))
    Job.objects.filter(pk=job.pk).update(user=alice)
    assert b"no train split" in client.get(job.get_absolute_url()).content
    assert b"A test" in client.get(reverse("jobs:job-list")).content
    assert b"A test" not in client.get(reverse("jobs:job-list") + "?state=running").content
    assert client.get(reverse("jobs:ring")).status_code == 200
    assert client.post(reverse("jobs:job-retry", args=[job.pk])).status_code == 302
    assert Job.objects.get(pk=job.pk).state == "queued"
    client.post(reverse("jobs:job-cancel", args=[job.pk]))
    assert Job.objects.get(pk=job.pk).state == "cancelled"
    assert client.get("/jobs/999/").status_code == 404
    assert client.get(reverse("jobs:job-cancel", args=[job.pk])).status_code == 405
    assert visitor.get(job.get_absolute_url()).status_code == 302
