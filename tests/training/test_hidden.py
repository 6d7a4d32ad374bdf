"""A hidden check stays hidden where a training shows its photos."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from datasets.review.checks import choose
from sw_site.jobs.queue import run_here
from tests.factories import make_dataset, make_run, make_user, make_version
from training.bases import NOTHING
from training.config import TrainingSettings
from training.filmstrip import chosen_images
from training.models import Frame
from training.trials import request_trial

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def everybody_reviews(settings):
    settings.TEAM_ROLE = "reviewer"


@pytest.fixture
def boss(db):
    return make_user("boss")


@pytest.fixture
def bosses(boss):
    client = Client()
    client.force_login(boss)
    return client


@pytest.fixture
def version(boss):
    return make_version(make_dataset(created_by=boss), images=8)


def test_the_filmstrip_draws_only_what_the_model_found(client, bosses, boss, version):
    run = make_run(version)
    hidden, *others = [image.id for image in chosen_images(run)]
    photos = [[pk, [[1, 2, 30, 40, 1, 0.9]]] for pk in (hidden, *others)]
    Frame.objects.create(run=run, step=10, photos=photos)
    choose(version.dataset, [hidden], boss)

    def labelled(browser):
        (frame,) = browser.get(run.get_absolute_url()).context["frames"]
        return [sum(box.dashed for box in photo.boxes_for_display) for photo in frame.photos]

    assert labelled(client) == [0, *(1 for _ in others)] and set(labelled(bosses)) == {1}


def test_pictures_of_a_trial_are_not_shown_where_one_may_be_it(client, bosses, boss, version, fake_engine, settings):
    settings.DATA_DIR = settings.RUNS_ROOT
    trial = request_trial(version, TrainingSettings(steps=400, batch_size=4), NOTHING, submit=False)
    run_here(trial.job)
    sample = reverse("training:trial-sample", args=[trial.key, 1])
    page = reverse("training:trial-detail", args=[trial.key, 400])
    assert client.get(sample).status_code == 200
    choose(version.dataset, [version.manifest().split("train")[0].id], boss)
    assert client.get(sample).status_code == 404 and bosses.get(sample).status_code == 200
    assert sample not in client.get(page).content.decode() and sample in bosses.get(page).content.decode()


def test_what_came_of_a_photo_is_told_without_its_boxes(client, bosses, boss, version):
    pk = version.manifest().split("train")[0].id
    choose(version.dataset, [pk], boss)
    path = f"/api/v1/training/images/{pk}/uses"
    assert [use["boxes"] for use in client.get(path).json()["items"]] == [None]
    assert [use["boxes"] for use in bosses.get(path).json()["items"]] == [1]
