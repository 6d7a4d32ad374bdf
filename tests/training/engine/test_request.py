"""run.json: defaults, round trip and refusals."""

import json

import pytest

from training.engine.errors import EngineError
from training.engine.request import RunRequest


def test_defaults_are_the_recipe_for_small_sets():
    request = RunRequest.from_json({})
    assert request.model.architecture == "ssd_mobilenet_v2_fpn_keras"
    assert (request.train.batch_size, request.train.learning_rate, request.train.augmentation) == (8, 0.02, "default")
    assert request.train.warmup == 100
    assert request.base.kind == "none"


def test_round_trip_through_json():
    value = {
        "format": 1,
        "name": "Zoë",
        "seed": 7,
        "model": {"depth_multiplier": 1.0, "input_size": 640},
        "train": {"steps": 50, "warmup_steps": 3, "horizontal_flip": False},
        "base": {"kind": "checkpoint", "path": "/runs/1/ckpt-5", "classes": ["a", "b"]},
    }
    request = RunRequest.from_json(value)
    assert RunRequest.from_json(json.loads(json.dumps(request.to_json()))) == request
    assert request.to_json()["base"]["classes"] == ["a", "b"]


def test_short_run_gets_a_warm_up_shorter_than_itself():
    assert RunRequest.from_json({"train": {"steps": 1}}).train.warmup == 0


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ({"format": 2}, "format"),
        ({"seed": -1}, "seed"),
        ({"model": {"architecture": "yolo"}}, "architecture"),
        ({"model": {"input_size": 300}}, "multiple of 32"),
        ({"model": {"input_size": 64}}, "input_size"),
        ({"model": {"depth_multiplier": -1}}, "depth_multiplier"),
        ({"model": []}, "object"),
        ({"train": {"steps": 0}}, "steps"),
        ({"train": {"steps": True}}, "steps"),
        ({"train": {"steps": 10.5}}, "whole number"),
        ({"train": {"batch_size": "8"}}, "batch_size"),
        ({"train": {"learning_rate": float("nan")}}, "learning_rate"),
        ({"train": {"steps": 10, "warmup_steps": 10}}, "warmup_steps"),
        ({"train": {"augmentation": "mosaic"}}, "augmentation"),
        ({"train": {"horizontal_flip": 1}}, "horizontal_flip"),
        ({"train": {"augmentation_options": [{"a": {}, "b": {}}]}}, "augmentation_options"),
        ({"train": {"augmentation_options": {"random_crop_image": {}}}}, "augmentation_options"),
        ({"train": {"stepz": 10}}, "train.stepz"),
        ({"train": {"patience": -1}}, "patience"),
        ({"train": {"min_delta": 2}}, "min_delta"),
        ({"train": {"freeze": "backbone"}}, "list of"),
        ({"train": {"freeze": ["("]}}, "regular expression"),
        ({"train": {"freeze": ["backbone"]}}, "choose a base"),
        ({"train": {"freeze_batch_norm": True}}, "choose a base"),
        ({"train": {"freeze_batch_norm": 1.5}}, "true, false or null"),
        ({"train": {"freeze_until_step": 0}}, "freeze_until_step"),
        ({"train": {"precision": "float16"}}, "precision"),
        ({"train": {"deterministic": "no"}}, "deterministic"),
        ({"base": {"kind": "zoo"}}, "base"),
        ({"base": {"kind": "backbone"}}, "path"),
        ([], "JSON object"),
    ],
)
def test_refusals_name_the_setting(value, word):
    with pytest.raises(EngineError) as caught:
        RunRequest.from_json(value)
    assert caught.value.code == "bad_request"
    assert word in caught.value.sentence


def test_missing_and_broken_file(tmp_path):
    with pytest.raises(EngineError, match="missing"):
        RunRequest.load(tmp_path / "run.json")
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(EngineError, match="not valid JSON"):
        RunRequest.load(tmp_path / "run.json")
