"""Settings: defaults that follow from the version, and refusals."""

from __future__ import annotations

import pytest

from sw_site.lib.errors import UserError
from training import presets
from training.bases import Base
from training.config import TrainingSettings, chosen_in
from training.engine.request import RunRequest


@pytest.mark.parametrize(("images", "steps"), [(0, 1500), (80, 1500), (172, 1950), (400, 4500), (5000, 20_000)])
def test_default_steps_follow_the_number_of_training_images(images, steps):
    assert presets.default_steps(images, 8) == steps


@pytest.mark.parametrize(("steps", "every"), [(1, 1), (20, 20), (400, 50), (2000, 100)])
def test_a_run_is_evaluated_about_twenty_times_and_once_at_least(steps, every):
    assert presets.evaluate_every(steps) == every


def test_the_learning_rate_grows_with_the_batch(version):
    rates = [TrainingSettings.for_version(version, batch_size=batch).learning_rate for batch in (4, 8, 16)]
    assert rates == [0.01, 0.02, 0.04]


def test_another_network_brings_its_own_defaults(version):
    settings = TrainingSettings.for_version(version, architecture="efficientdet_d0")
    assert (settings.input_size, settings.batch_size, settings.depth_multiplier) == (512, 4, 1.0)
    assert settings.learning_rate == 0.0025
    assert settings.cost > TrainingSettings.for_version(version).cost
    assert TrainingSettings(**chosen_in(settings.run_json("x", {}))) == settings


def test_every_network_can_be_asked_for_with_nothing_else(version):
    for _, networks in presets.architecture_choices():
        for name, _ in networks:
            settings = TrainingSettings.for_version(version, architecture=name)
            assert RunRequest.from_json(settings.run_json("x", {"kind": "none"})).model.architecture == name


def test_for_version_fills_in_what_is_left_out(version):
    settings = TrainingSettings.for_version(version, steps=None, batch_size="", seed=0)
    assert settings == TrainingSettings(steps=1500, batch_size=8, learning_rate=0.02, seed=0)


def test_for_version_takes_the_shape_of_the_start_unless_told_otherwise(version):
    base = Base("checkpoint", "/x", shape={"depth_multiplier": 0.5, "input_size": 160})
    settings = TrainingSettings.for_version(version, base, input_size=320)
    assert (settings.depth_multiplier, settings.input_size) == (0.5, 320)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"steps": 10**7},
        {"batch_size": 0},
        {"batch_size": 1000},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"depth_multiplier": 1.5},
        {"input_size": 300},
        {"architecture": "yolo"},
        {"architecture": "efficientdet_d0", "depth_multiplier": 0.5},
        {"patience": -1},
        {"augmentation": "all"},
        {"freeze": "everything"},
        {"seed": -1},
    ],
)
def test_what_the_engine_would_refuse_is_refused_here(version, wrong):
    with pytest.raises(UserError, match="must be"):
        TrainingSettings.for_version(version, **wrong)


def test_what_is_kept_at_first_goes_to_the_engine_and_comes_back(version):
    settings = TrainingSettings.for_version(version, steps=500, freeze="all_but_heads")
    written = settings.run_json("x", {"kind": "checkpoint", "path": "/a/ckpt-1"})
    read = RunRequest.from_json(written).train
    assert (read.freeze, read.freeze_until_step) == (("all_but_heads",), 100)
    assert TrainingSettings(**chosen_in(written)) == settings


@pytest.mark.parametrize("steps", [1, 2, 20, 1500])
def test_run_json_is_what_the_engine_reads(steps):
    written = TrainingSettings(steps=steps, augmentation="flip").run_json("droids", {"kind": "none"})
    request = RunRequest.from_json(written)
    assert (request.name, request.train.steps, request.train.augmentation) == ("droids", steps, "flip")
    complete = request.to_json()
    assert {**complete["train"], **written["train"]} == complete["train"]
    left_out = {"base": {"kind": "none", "path": "", "classes": []}, "overrides": {}}
    assert {**complete, "train": written["train"]} == {**written, **left_out}


def test_chosen_in_reads_the_choices_back():
    settings = TrainingSettings(steps=30, batch_size=4, depth_multiplier=0.75, input_size=160, seed=7)
    assert TrainingSettings(**chosen_in(settings.run_json("x", {"kind": "none"}))) == settings


def test_choices_of_a_run_without_a_config_are_none():
    assert chosen_in({}) == {}
