"""The table of detectors, and what run.json gets when it says little."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from training.engine.architectures.preset import EXPORTS
from training.engine.architectures.presets import PRESETS, preset
from training.engine.config_import.networks import OF_TENSORFLOW_1, OF_TENSORFLOW_2
from training.engine.config_import.source import way_of_extractor
from training.engine.dataset import Dataset
from training.engine.errors import EngineError
from training.engine.recipe import complete, evaluate_every, has_sides, steps, warmup_steps
from training.engine.request import ModelRequest, RunRequest

DOCUMENT = Path(__file__).parents[3] / "docs" / "architectures.md"


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_possible_with_its_own_defaults(name):
    chosen, request = preset(name), ModelRequest(name)
    assert (chosen.name, request.path) == (name, chosen.path)
    assert request.input_size == chosen.default_input_size
    assert request.depth_multiplier == chosen.default_depth_multiplier
    assert set(chosen.exports) <= set(EXPORTS)
    assert 1e-5 < chosen.learning_rate_for(chosen.default_batch_size) < 0.1
    known = OF_TENSORFLOW_2 if chosen.path == "tf2" else OF_TENSORFLOW_1
    assert chosen.feature_extractor in known
    assert way_of_extractor(chosen.feature_extractor) == chosen.path


def test_every_archive_belongs_to_one_preset():
    archives = [archive for one in PRESETS.values() for archive in one.zoo]
    assert len(archives) == len(set(archives)) > 40
    assert all(re.fullmatch(r"[a-z0-9_-]+", archive) for archive in archives)


def test_learning_rates_follow_the_batch():
    assert [preset("efficientdet_d0").learning_rate_for(batch) for batch in (2, 8, 16)] == [0.00125, 0.005, 0.01]
    assert preset("centernet_resnet50_v2").learning_rate_for(32) == 0.0005  # Adam: half the rate at a quarter


def test_unknown_presets_are_refused_with_the_names_there_are():
    with pytest.raises(EngineError, match="ssd_mobilenet_v2_fpn_keras"):
        preset("yolo")


@pytest.mark.parametrize(
    ("model", "word"),
    [
        ({"architecture": "efficientdet_d0", "input_size": 320}, "multiple of 128"),
        ({"architecture": "efficientdet_d0", "depth_multiplier": 0.5}, "depth_multiplier"),
        ({"architecture": "centernet_hourglass104", "input_size": 64}, "input_size"),
        ({"architecture": "custom", "depth_multiplier": 0.5}, "imported.config"),
        ({"architecture": "custom", "input_size": 5000}, "input_size"),
    ],
)
def test_impossible_models(model, word):
    with pytest.raises(EngineError, match=word):
        RunRequest.from_json({"model": model})


def dataset(images: int, *names: str) -> Dataset:
    box = {"class_id": 1, "xmin": 1, "ymin": 1, "xmax": 5, "ymax": 5}
    rows = [
        {"id": number, "path": f"{number}.jpg", "width": 10, "height": 10, "boxes": [box], "split": "train"}
        for number in range(1, images + 1)
    ]
    classes = [{"id": number, "name": name} for number, name in enumerate(names or ("ball",), start=1)]
    return Dataset.from_json({"classes": classes, "images": [*rows, {**rows[0], "id": 0, "split": "val"}]})


def test_a_bare_request_gets_the_recipe_of_its_detector():
    made = RunRequest.from_json(complete({"model": {"architecture": "faster_rcnn_resnet50_keras"}}, dataset(80)))
    assert (made.train.batch_size, made.train.learning_rate, made.train.steps) == (4, 0.0025, 3000)
    assert (made.train.evaluate_every, made.train.checkpoint_every, made.train.warmup) == (150, 150, 150)


def test_what_was_chosen_is_kept_and_the_rest_follows_from_it():
    given = {"train": {"batch_size": 16, "steps": 100, "learning_rate": 0.5, "evaluate_every": 20}}
    train = complete(given, dataset(80))["train"]
    assert {**train, **given["train"]} == train
    assert (train["checkpoint_every"], train["warmup_steps"]) == (20, 10)
    assert complete({"train": {"batch_size": 16}}, dataset(80))["train"]["learning_rate"] == 0.04


@pytest.mark.parametrize("value", [[], {"train": []}, {"train": {"steps": "x"}}, {"model": {"architecture": "yolo"}}])
def test_what_cannot_be_completed_is_left_to_the_request_to_refuse(value):
    with pytest.raises(EngineError):
        RunRequest.from_json(complete(value, dataset(1)))


def test_custom_keeps_the_learning_rate_of_its_config():
    assert "learning_rate" not in complete({"model": {"architecture": "custom"}}, dataset(1))["train"]


@pytest.mark.parametrize(("images", "batch", "count"), [(1, 8, 1000), (80, 8, 1500), (400, 8, 7500), (1600, 8, 20_000)])
def test_steps_follow_the_number_of_images(images, batch, count):
    assert steps(images, batch) == count


@pytest.mark.parametrize("count", [1, 2, 9, 49, 51, 1000, 30_000])
def test_schedules_fit_into_runs_of_any_length(count):
    assert 0 <= warmup_steps(count) < count
    assert 1 <= evaluate_every(count) <= count


@pytest.mark.parametrize(
    ("names", "sides"), [(["left hand"], True), (["turn_RIGHT"], True), (["leftover", "ball"], False)]
)
def test_classes_with_sides_are_not_mirrored(names, sides):
    assert has_sides(names) is sides
    assert complete({}, dataset(1, *names))["train"]["horizontal_flip"] is not sides


@pytest.mark.parametrize("name", PRESETS)
def test_the_documentation_tells_the_defaults(name):
    row = re.search(rf"^\| `{re.escape(name)}` \|.*$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    chosen = preset(name)
    batch, rate = chosen.default_batch_size, chosen.learning_rate_for(chosen.default_batch_size)
    assert row and row[0].endswith(f"| {batch} | {rate:g} |")
    assert f"| {chosen.title} | {chosen.default_input_size} | {chosen.input_stride} |" in row[0]
