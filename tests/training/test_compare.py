"""Runs side by side: differing settings, curves over one another."""

from __future__ import annotations

import pytest
from django.urls import reverse

from sw_site.jobs.queue import run_here
from tests.factories import make_run
from training.models import Metric
from training.run_comparison import differences, document


@pytest.fixture
def two(waiting_run):
    return waiting_run("small", batch_size=4), waiting_run("large", batch_size=8)


def test_only_settings_that_differ_are_listed(two):
    rows = {row.name: row.values for row in differences(two)}
    assert rows["batch size"] == ["4", "8"]
    assert set(rows) <= {"batch size", "learning rate", "warmup steps"}


def test_a_setting_one_run_does_not_have_is_a_difference(waiting_run):
    runs = waiting_run("patient", patience=3), waiting_run("eager")
    assert {row.name: row.values for row in differences(runs)} == {"patience": ["3", "–"]}


def test_the_page_lays_curves_over_one_another(client, two):
    Metric.objects.bulk_create(Metric(run=run, name="ap50", step=5, value=run.pk / 100) for run in two)
    query = {"run": [run.pk for run in two]}
    page = client.get(reverse("training:run-compare"), query).content.decode()
    assert "batch size" in page and "Two models at least are needed" in page and "&quot;run-" in page
    answer = client.get(reverse("training:run-compare-series", args=["ap50"]), query).json()
    assert answer["series"] == {f"run-{run.pk}": [[5, run.pk / 100]] for run in two}
    assert answer["finished"] is False
    assert client.get(reverse("training:run-compare-series", args=["secrets"]), query).status_code == 404


def test_models_of_the_runs_are_asked_about_their_test_images(client, two, fake_engine):
    for run in two:
        run_here(run.job)
    page = client.get(reverse("training:run-compare"), {"run": [run.pk for run in two]}).content.decode()
    assert f"model={two[0].model.pk}&amp;model={two[1].model.pk}" in page


@pytest.mark.parametrize("numbers", [[], ["1"], ["x", "²"], ["1", "1"], None])
def test_too_few_or_too_many_are_refused(client, version, numbers):
    runs = [make_run(version) for _ in range(8)]
    numbers = [str(run.pk) for run in runs] if numbers is None else numbers
    answer = client.get(reverse("training:run-compare"), {"run": numbers}, follow=True)
    assert "Choose from 2 to 6 runs" in answer.content.decode()
    series = client.get(reverse("training:run-compare-series", args=["ap"]), {"run": numbers})
    assert series.status_code == 422 and series.json()["error"]["code"] == "bad_runs"


def test_the_api_tells_the_same(client, two):
    answer = client.get("/api/v1/training/compare", {"runs": ",".join(str(run.pk) for run in two)}).json()
    assert answer == document(two)
    assert client.get("/api/v1/training/compare", {"runs": "x"}).status_code == 422


def test_the_list_of_runs_offers_to_compare(client, two):
    page = client.get(reverse("training:run-list")).content.decode()
    assert "Compare the ticked runs" in page and f'name="run" value="{two[0].pk}"' in page
