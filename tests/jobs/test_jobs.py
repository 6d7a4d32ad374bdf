"""The Job row: every way a piece of background work can go."""

import errno
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from sw_site.jobs import context as job_context
from sw_site.jobs.errors import JobError
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import create_job, reap_lost_jobs, retry, run_claimed, run_here, submit

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


def cancel_itself(context):
    Job.objects.get(pk=context.job.pk).request_cancel()
    context.flush()
    context.check()


def stop_worker(context):
    job_context.stopping.set()
    context.check()


def make(work, **payload):
    return create_job(work, kind="test", title="A test", payload=payload)


@pytest.fixture(autouse=True)
def worker_goes_on():
    yield
    job_context.stopping.clear()


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
    assert job.state == "succeeded" and DBTaskResult.objects.get().status == "SUCCESSFUL"


def test_a_refusal_is_shown_as_it_is():
    job = run_here(make(refuse))
    assert (job.state, job.error) == ("failed", "There is no train split. Freeze a version with one.")


def test_a_crash_leaves_a_sentence_and_the_traceback():
    job = run_here(make(crash))
    assert job.state == "failed" and "boom" in job.error and "RuntimeError" in job.log


def test_a_full_disk_is_called_by_its_name():
    assert "disk is full" in run_here(make(fill_disk)).error


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
    job = make(add_up, numbers=[1])
    run_claimed(job.pk)
    finished = Job.objects.get(pk=job.pk).finished_at
    run_claimed(job.pk)
    assert Job.objects.get(pk=job.pk).finished_at == finished and Job.objects.get(pk=job.pk).attempt == 1


def test_a_job_that_is_gone_is_left_alone():
    run_claimed(12345)
    assert not Job.objects.exists() and not DBTaskResult.objects.exists()


def lost(**values):
    job = make(add_up, numbers=[1])
    old = timezone.now() - timedelta(minutes=10)
    Job.objects.filter(pk=job.pk).update(**{"state": JobState.RUNNING, "heartbeat": old, "attempt": 1, **values})
    return job


def test_a_job_whose_worker_died_is_tried_once_more_then_failed():
    job = lost()
    assert [j.pk for j in reap_lost_jobs()] == [job.pk]
    job.refresh_from_db()
    assert job.state == "queued" and DBTaskResult.objects.count() == 1
    Job.objects.filter(pk=job.pk).update(
        state=JobState.RUNNING, attempt=2, heartbeat=timezone.now() - timedelta(minutes=10)
    )
    reap_lost_jobs()
    job.refresh_from_db()
    assert job.state == "failed" and "died 2 times" in job.error


def test_a_lost_job_that_was_to_be_cancelled_is_cancelled():
    job = lost(cancel_requested=True)
    reap_lost_jobs()
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_beating_job_is_not_lost():
    lost(heartbeat=timezone.now())
    assert reap_lost_jobs() == []


def test_a_worker_that_comes_back_too_late_changes_nothing():
    job = lost()
    job.refresh_from_db()
    reap_lost_jobs()
    assert job.finish(JobState.SUCCEEDED) is False
    assert Job.objects.get(pk=job.pk).state == "queued"


def test_a_failed_job_can_be_tried_again():
    job = run_here(make(crash))
    assert retry(job) and job.state == "queued" and job.error == ""
    assert retry(job) is False


def test_pages(client, visitor):
    job = run_here(make(refuse))
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
