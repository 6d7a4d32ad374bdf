"""Who works: reports of workers, the page of machines, jobs for one machine."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from sw_site.jobs import hosts as names
from sw_site.jobs.housekeeping import top_up
from sw_site.jobs.models import Job, JobState, Worker
from sw_site.jobs.order import next_job
from sw_site.jobs.queue import create_job, enqueue
from sw_site.jobs.upkeep import clean_up
from sw_site.jobs.workers import READINGS, hosts, machine_reading, report


def work(context):
    """Nothing."""


@pytest.fixture
def far(db):
    return Worker.objects.create(name="far:1", host="far", queues=["gpu"], seen_at=timezone.now())


@pytest.fixture
def job(alice, far):
    job = create_job(work, kind="test", title="A job", payload={}, user=alice, queue="gpu")
    enqueue(job)
    return job


def test_a_worker_says_what_it_has(db):
    report(["default", "gpu"], {})
    report(["gpu"], machine_reading())
    worker = Worker.objects.get()
    assert worker.name == names.this_worker() and worker.queues == ["gpu"] and worker.is_alive
    assert worker.reading["machine_memory_total_mb"] > 0 and worker.reading["cores"] >= 1
    assert isinstance(worker.reading["gpus"], list)


def test_a_machine_that_cannot_be_read_stops_no_worker(monkeypatch):
    def broken():
        raise OSError("no /proc")

    monkeypatch.setattr("sw_site.jobs.workers.READINGS", [broken, lambda: {"cores": 3}])
    assert machine_reading() == {"cores": 3} and len(READINGS) >= 1


def test_a_worker_that_is_silent_takes_no_jobs(far):
    assert hosts("gpu") == ["far"] and hosts("default") == []
    Worker.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    assert hosts("gpu") == []


def test_after_a_day_it_is_forgotten(far, rf):
    Worker.objects.create(name="old:1", host="old", seen_at=timezone.now() - timedelta(days=2))
    context = type("Context", (), {"progress": lambda *args: None})()
    clean_up(context)
    assert list(Worker.objects.values_list("name", flat=True)) == ["far:1"]


def test_the_page_shows_machines_queues_and_what_one_may_see(client, far, job):
    Worker.objects.update(reading={"cores": 4, "machine_cpu_percent": 31, "gpus": [{"number": 0, "name": "H200"}]})
    Job.objects.update(state=JobState.RUNNING, worker="far:9")
    page = client.get(reverse("jobs:worker-list")).content.decode()
    assert "H200" in page and "31 % of 4 cores" in page and "A job" in page
    part = client.get(reverse("jobs:worker-list"), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and "far:1" in part


def test_without_workers_the_page_says_how_to_start_one(client):
    assert "manage.py worker" in client.get(reverse("jobs:worker-list")).content.decode()


def test_a_job_for_another_machine_is_not_ours(job, monkeypatch):
    assert next_job(["gpu"]) == job.pk
    Job.objects.update(host="far")
    assert next_job(["gpu"]) is None
    monkeypatch.setattr("sw_site.jobs.order.here", lambda: "far")
    assert next_job(["gpu"]) == job.pk


def test_lost_messages_are_sent_again_by_the_machine_itself(job):
    from django_tasks_db.models import DBTaskResult

    Job.objects.update(host="far")
    DBTaskResult.objects.all().delete()
    assert top_up("gpu", "") == 0 and top_up("gpu", "far") == 1
    assert DBTaskResult.objects.get().queue_name == "gpu@far"


class TestApi:
    def post(self, client, job, action, body=None):
        return client.post(f"/api/v1/jobs/{job.pk}/{action}", json.dumps(body or {}), content_type="application/json")

    def test_jobs_are_listed_and_shown(self, client, job):
        rows = client.get("/api/v1/jobs?state=queued&kind=test").json()["items"]
        assert [row["id"] for row in rows] == [job.pk]
        assert "log" not in rows[0] and client.get(f"/api/v1/jobs/{job.pk}").json()["log"] == ""
        assert client.get("/api/v1/jobs?state=failed").json()["count"] == 0

    def test_a_job_is_moved_cancelled_and_tried_again(self, client, job):
        assert self.post(client, job, "host", {"host": "far"}).json()["host"] == "far"
        refused = self.post(client, job, "host", {"host": "nowhere"})
        assert refused.status_code == 422 and "Choose one of far" in refused.json()["error"]["message"]
        assert self.post(client, job, "host", {"host": ""}).json()["host"] == ""
        assert self.post(client, job, "retry").json()["error"]["code"] == "not_ended"
        assert self.post(client, job, "cancel").json()["state"] == "cancelled"
        assert self.post(client, job, "cancel").json()["error"]["code"] == "not_active"
        assert self.post(client, job, "retry").json()["state"] == "queued"

    def test_workers(self, client, far, job):
        answer = client.get("/api/v1/jobs/workers").json()
        assert answer["machines"][0]["host"] == "far" and answer["queues"] == {"gpu": {"queued": 1}}


def test_the_command(job, capsys):
    call_command("jobs", "move", job.pk, "--host", "far", "--json")
    assert json.loads(capsys.readouterr().out)["jobs"][0]["host"] == "far"
    call_command("jobs", "workers")
    assert "far:1" in capsys.readouterr().out
    call_command("jobs", "cancel", job.pk)
    call_command("jobs", "list", "--state", "cancelled", "--json")
    assert [row["job"] for row in json.loads(capsys.readouterr().out.splitlines()[-1])["jobs"]] == [job.pk]
    call_command("jobs", "retry", job.pk)
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    with pytest.raises(CommandError, match="no job 99999"):
        call_command("jobs", "show", 99999)
