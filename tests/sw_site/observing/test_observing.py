"""Probes, metrics and request ids, as a balancer, a Prometheus and a proxy see them."""

import logging
import re
from collections import namedtuple

import pytest
from django.db import connection
from django.db.utils import OperationalError
from django.urls import reverse
from prometheus_client.parser import text_string_to_metric_families

from sw_site.jobs.models import JobState
from sw_site.jobs.queue import create_job, run_here
from sw_site.observing import probes
from tests.factories import make_dataset, make_run

pytestmark = pytest.mark.django_db
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def token(settings):
    settings.METRICS_TOKEN = "a-token"
    return {"HTTP_AUTHORIZATION": "Bearer a-token"}


@pytest.fixture
def lines():
    """Records of every logger of ours."""
    found = []
    handler = logging.Handler()
    handler.emit = found.append
    for each in logging.getLogger().handlers:
        for one in each.filters:
            handler.addFilter(one)
    from sw_site.lib.log_context import WorkFilter

    handler.addFilter(WorkFilter())
    logging.getLogger("sw_site").addHandler(handler)
    yield found
    logging.getLogger("sw_site").removeHandler(handler)


def sample(client, token, name, **labels):
    text = client.get("/metrics", **token).content.decode()
    for family in text_string_to_metric_families(text):
        for each in family.samples:
            if each.name == name and labels.items() <= each.labels.items():
                return each.value
    return None


def fail(*args, **kwargs):
    raise OperationalError("connection refused at db.internal:5432")


def test_health_asks_nothing_but_the_process(visitor, monkeypatch):
    monkeypatch.setattr(connection, "cursor", fail)
    answer = visitor.get("/health")
    assert answer.status_code == 200 and answer.json()["ok"] and answer["Cache-Control"] == "no-store"


def test_ready_when_all_it_needs_is_there(visitor, settings):
    settings.MIN_FREE_BYTES = 1
    assert visitor.get("/ready").json() == {"ready": True, "checks": {"database": "ok", "files": "ok"}}
    assert visitor.head("/ready").status_code == 200


def test_not_ready_without_the_database_and_no_detail_is_told(visitor, monkeypatch):
    monkeypatch.setattr(connection, "cursor", fail)
    answer = visitor.get("/ready")
    assert answer.status_code == 503 and answer.json()["checks"]["database"] == "The database does not answer."
    assert "db.internal" not in answer.content.decode()


def test_not_ready_while_migrations_wait(visitor, monkeypatch):
    monkeypatch.setattr(probes, "_up_to_date", [])
    monkeypatch.setattr(probes.MigrationExecutor, "migration_plan", lambda self, leaves: ["one"])
    assert "manage.py migrate" in visitor.get("/ready").json()["checks"]["database"]


def test_not_ready_on_a_disk_that_is_nearly_full(visitor, monkeypatch):
    monkeypatch.setattr(probes.shutil, "disk_usage", lambda folder: Usage(10**12, 10**12, 5 * 2**20))
    answer = visitor.get("/ready")
    assert answer.status_code == 503 and "5 MB free" in answer.json()["checks"]["files"]


def test_probes_are_answered_whatever_host_is_named_and_without_tls(visitor, settings):
    settings.SECURE_SSL_REDIRECT = True
    for path in ("/health", "/ready"):
        assert visitor.get(path, HTTP_HOST="10.1.2.3:8000").status_code in (200, 503)
    assert visitor.post("/health").status_code != 200


def test_metrics_need_the_token(visitor, settings, token):
    assert visitor.get("/metrics").status_code == 401
    assert visitor.get("/metrics", HTTP_AUTHORIZATION="Bearer wrong").status_code == 401
    assert visitor.get("/metrics", **token).status_code == 200
    settings.METRICS_TOKEN = ""
    assert visitor.get("/metrics", HTTP_AUTHORIZATION="Bearer ").status_code == 404


def test_metrics_count_requests_by_view_and_not_by_address(client, token):
    dataset, other = make_dataset(), make_dataset()
    labels = {"view": "datasets:dataset-detail", "method": "GET", "status": "200"}
    before = sample(client, token, "sw_requests_total", **labels) or 0
    for each in (dataset, other):
        client.get(each.get_absolute_url())
    assert sample(client, token, "sw_requests_total", **labels) == before + 2
    assert sample(client, token, "sw_request_seconds_count", view="datasets:dataset-detail") >= 2
    client.get("/nowhere/at/all/")
    assert sample(client, token, "sw_requests_total", view="none", status="404") >= 1


def test_metrics_of_jobs_runs_and_disks(client, token):
    create_job(note_it, kind="test", title="One", payload={}, queue="gpu")
    done = create_job(note_it, kind="test", title="Two", payload={}, state=JobState.SUCCEEDED)
    make_run(job=done)
    assert sample(client, token, "sw_jobs", queue="gpu", state="queued") == 1
    assert 0 <= sample(client, token, "sw_oldest_waiting_job_seconds", queue="gpu") < 60
    assert sample(client, token, "sw_runs", state="succeeded") == 1
    assert (
        0
        < sample(client, token, "sw_disk_free_bytes", folder="media")
        <= sample(client, token, "sw_disk_bytes", folder="media")
    )


def note_it(context):
    logging.getLogger("sw_site.test").warning("at work")


def test_every_answer_has_an_id_and_takes_over_a_decent_one(client):
    own = client.get("/")["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{16}", own) and client.get("/")["X-Request-ID"] != own
    assert client.get("/", HTTP_X_REQUEST_ID="proxy-17")["X-Request-ID"] == "proxy-17"
    for bad in ("a b", "x" * 65, 'a"b', "\u00e9"):
        assert re.fullmatch("[0-9a-f]{16}", client.get("/", HTTP_X_REQUEST_ID=bad)["X-Request-ID"])


def test_a_line_for_each_request_where_that_is_wished(client, alice, settings, lines):
    client.get("/")
    assert not lines
    settings.ACCESS_LOG = True
    client.get(reverse("search"), {"q": "private words"}, HTTP_X_REQUEST_ID="r-1")
    (line,) = lines
    assert (line.path, line.status, line.user, line.request) == ("/search/", 200, alice.pk, "r-1")
    assert "private" not in line.getMessage() and line.work == " [request r-1]"


@pytest.mark.django_db(transaction=True)
def test_lines_of_a_job_carry_its_number(lines):
    job = run_here(create_job(note_it, kind="test", title="One", payload={}))
    assert [line.job for line in lines if line.getMessage() == "at work"] == [job.pk]
    logging.getLogger("sw_site.test").warning("afterwards")
    assert lines[-1].job is None and lines[-1].work == ""
