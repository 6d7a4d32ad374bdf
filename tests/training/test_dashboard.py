"""The desk: figures over time, work at hand, devices, disk."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from sw_site.jobs.models import Job, Worker
from sw_site.jobs.order import queue_order
from sw_site.jobs.queue import create_job, enqueue
from tests.factories import make_model, make_run, make_user
from training import dashboard
from training.curating import move_alias
from training.dashboard import Measured, active_runs, families, figures_over_time, seats
from training.devices import Device


@pytest.fixture(autouse=True)
def fresh_disk(monkeypatch):
    monkeypatch.setattr(dashboard, "disk", Measured())


@pytest.fixture
def models(version):
    values = (0.4, 0.7, 0.6)
    return [make_model(make_run(version), number=n, ap50=value) for n, value in enumerate(values, start=1)]


def test_figures_over_time_are_each_models_the_best_and_productions(models, alice):
    dataset = models[0].run.version.dataset
    move_alias(models[1], "production", alice)
    series = figures_over_time(dataset, alice)["series"]
    assert series["ap50"] == [[1, 0.4], [2, 0.7], [3, 0.6]]
    assert series["best"] == [[1, 0.4], [2, 0.7], [3, 0.7]]
    assert series["production"] == [[3, 0.7]]  # promoted when there were three


def test_a_family_has_its_best_newest_and_production_model(models, alice):
    move_alias(models[2], "production", alice)
    (family,) = families(alice)
    assert (family.count, family.best, family.newest, family.production) == (3, models[1], models[2], models[2])


def test_the_page_shows_work_devices_disk_and_models(client, models, waiting_run):
    enqueue(waiting_run("waits for its turn").job)
    page = client.get(reverse("training:desk")).content.decode()
    assert "waits for its turn" in page and "number 1 in the queue" in page
    assert "CPU" in page and "Free on the disk" in page and "3 models" in page
    part = client.get(reverse("training:desk"), {"part": "work"}).content.decode()
    assert "<html" not in part and "waits for its turn" in part


def test_the_page_costs_the_same_whatever_the_number_of_models(client, version, django_assert_max_num_queries):
    for n in range(20):
        make_model(make_run(version), number=n + 1, ap50=0.5)
    with django_assert_max_num_queries(12):
        client.get(reverse("training:desk"))


def test_an_empty_desk_says_what_comes(client, db):
    assert "No models yet" in client.get(reverse("training:desk")).content.decode()
    assert client.get(reverse("training:desk-series", args=["nowhere"])).status_code == 404


def test_every_gpu_is_a_seat(monkeypatch, version):
    run = make_run(version, device="GPU 1")
    monkeypatch.setattr(dashboard, "gpus", lambda: [Device(0, "H100"), Device(1, "H100")])
    found = seats([run])
    assert [(seat.device.title, seat.run, seat.busy) for seat in found] == [
        ("GPU 0", None, False),
        ("GPU 1", run, False),
    ]


def test_the_queue_is_shown_in_the_order_in_which_it_is_worked_off(client, waiting_run, alice):
    """People take turns: the second run of somebody stands behind the first of somebody else."""
    first, second, other = (waiting_run(name) for name in ("first", "second", "other"))
    Job.objects.filter(pk=other.job_id).update(user=make_user("bob"))
    for run in (first, second, other):
        enqueue(run.job)
    _, waiting = active_runs(alice)
    assert [run.pk for run in waiting] == [first.pk, other.pk, second.pk]
    assert [run.job_id for run in waiting] == queue_order("gpu") and [run.place for run in waiting] == [1, 2, 3]
    client.post(reverse("training:run-priority", args=[second.pk]), {"priority": "first", "next_page": "desk"})
    assert [run.pk for run in active_runs(alice)[1]] == [second.pk, first.pk, other.pk]


def test_devices_of_all_machines_with_what_they_report(client, version):
    gpu = {"number": 0, "name": "H100", "gpu_percent": 71, "gpu_memory_mb": 9000, "gpu_memory_total_mb": 80000}
    now = timezone.now()
    Worker.objects.create(name="b:1", host="b", queues=["gpu"], reading={"gpus": [gpu]}, seen_at=now)
    Worker.objects.create(name="a:1", host="a", queues=["gpu"], reading={"gpus": []}, seen_at=now)
    Worker.objects.create(name="old:1", host="old", queues=["gpu"], seen_at=now - timedelta(hours=1))
    Worker.objects.create(name="c:1", host="c", queues=["default"], seen_at=now)
    job = create_job(nothing, kind="train", title="t", payload={}, queue="gpu", worker="b:77", state="running")
    run = make_run(version, device="GPU 0", job=job)
    found = seats([run])
    assert [(one.host, one.device.title, one.run) for one in found] == [("a", "CPU", None), ("b", "GPU 0", run)]
    assert [(one.run, one.state) for one in seats([])] == [(None, "free"), (None, "busy")]  # not theirs to see
    page = client.get(reverse("training:desk")).content.decode()
    assert "71 %" in page and "9.0 GB of 80.0 GB" in page


def nothing(context):
    """No work."""


def test_the_api_tells_the_same(client, models):
    answer = client.get("/api/v1/training/desk").json()
    assert answer["datasets"][0]["best"] == {"model": models[1].pk, "ap50": 0.7}
    assert answer["devices"][0]["device"] and answer["disk"]["free"] > 0


def test_the_part_that_moves_reads_no_models(client, models, django_assert_max_num_queries):
    with django_assert_max_num_queries(9) as asked:
        page = client.get(reverse("training:desk"), {"part": "work"}).content.decode()
    assert "Running and waiting" in page or "Runs on disk" in page
    assert not [query for query in asked.captured_queries if 'FROM "training_trainedmodel"' in query["sql"]]


def test_the_best_of_many_models_is_the_newest_of_equal_ones(version, alice):
    made = [
        make_model(make_run(version), number=n, ap50=value) for n, value in enumerate((None, 0.7, 0.7, 0.1), start=1)
    ]
    (family,) = families(alice)
    assert (family.count, family.best, family.newest) == (4, made[2], made[3])
