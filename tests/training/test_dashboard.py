"""The desk: figures over time, work at hand, devices, disk."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.factories import make_model, make_run
from training import dashboard
from training.curating import move_alias
from training.dashboard import Measured, families, figures_over_time, seats
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
    waiting_run("waits for its turn")
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


def test_the_api_tells_the_same(client, models):
    answer = client.get("/api/v1/training/desk").json()
    assert answer["datasets"][0]["best"] == {"model": models[1].pk, "ap50": 0.7}
    assert answer["devices"][0]["device"] and answer["disk"]["free"] > 0


def test_the_part_that_moves_reads_no_models(client, models, django_assert_max_num_queries):
    with django_assert_max_num_queries(8) as asked:
        page = client.get(reverse("training:desk"), {"part": "work"}).content.decode()
    assert "Running and waiting" in page or "Runs on disk" in page
    assert not [query for query in asked.captured_queries if 'FROM "training_trainedmodel"' in query["sql"]]


def test_the_best_of_many_models_is_the_newest_of_equal_ones(version, alice):
    made = [
        make_model(make_run(version), number=n, ap50=value) for n, value in enumerate((None, 0.7, 0.7, 0.1), start=1)
    ]
    (family,) = families(alice)
    assert (family.count, family.best, family.newest) == (4, made[2], made[3])
