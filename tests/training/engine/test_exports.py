"""Every format of one model: what lies in its folder, and that it answers by itself as the checkpoint does."""

import functools
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.training.engine.builders import events, make_run
from tests.training.engine.clean_environment import make_environment
from training.engine import runner
from training.engine.architectures.preset import EXPORTS
from training.engine.predictor import Predictor

pytestmark = pytest.mark.training

#: How far the scores of a bundle's script may be from those of the checkpoint.
TOLERANCES = {"tflite_float16": 5e-3, "tflite_int8": 0.2}
INSTALL = re.compile("^ {4}pip install (.+)$", re.MULTILINE)
#: What no bundle may need, and what only those of TensorFlow's own formats may.
NEVER, TENSORFLOW = ("training", "object_detection", "tf_keras", "django"), ("tensorflow",)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run_dir = make_run(tmp_path_factory.mktemp("run"))
    argv = [sys.executable, "-m", "tests.training.engine.export_everything", str(run_dir)]
    done = subprocess.run(argv, cwd=runner.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return run_dir


def val_images(run):
    images = json.loads((run / "dataset.json").read_text())["images"]
    return [image for image in images if image["split"] == "val"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """`environment(packages)`: the Python of a clean environment that has what a model card says to install."""
    return functools.cache(lambda packages: make_environment(tmp_path_factory.mktemp("environment"), packages))


def ask(python, folder, *arguments):
    """Runs a program of an export as its user would, in a shell that knows nothing of this project."""
    argv = [str(python), *map(str, arguments)]
    return subprocess.run(argv, cwd=folder, env={"PATH": os.defpath}, capture_output=True, text=True)


@pytest.mark.parametrize("kind", EXPORTS)
def test_a_bundle_is_complete(run, kind):
    folder = run / "exports" / kind
    about = json.loads((folder / "model.json").read_text())
    assert about["kind"] == kind
    assert (folder / about["file"]).stat().st_size == about["bytes"]
    assert [item["name"] for item in about["classes"]] == ["Ball", 'Zoë "box"']
    assert set(about["figures"]) >= {"ap", "ap50", "images", "rule", "checkpoint"}
    card = (folder / "MODEL_CARD.md").read_text()
    assert all(word in card for word in ("Zoë", "predict.py", "Licence", "1 test images", "ckpt-0"))
    assert {"label_map.pbtxt", "predict.py", "runtime.py"} <= {path.name for path in folder.iterdir()}
    assert not list((run / "exports").glob("*.part"))


def test_each_format_is_reported(run):
    done = {event["format"]: event for event in events(run, "export")}
    assert set(done) == set(EXPORTS)
    for kind in ("saved_model", "frozen_graph", "onnx", "tflite"):
        assert done[kind]["max_box_difference"] < 1e-4
        assert done[kind]["max_score_difference"] < 1e-4


@pytest.mark.parametrize("kind", EXPORTS)
def test_the_script_runs_where_nothing_but_its_packages_is_installed(run, kind, environment, tmp_path):
    """In an environment of its own, carried elsewhere, it says what the checkpoint says about photographs."""
    answers, images = np.load(run / "answers.npz"), val_images(run)
    bundle = shutil.copytree(run / "exports" / kind, tmp_path / "bundle")
    (packages,) = INSTALL.findall((bundle / "MODEL_CARD.md").read_text())
    python = environment(packages)
    absent = NEVER if "tensorflow" in packages else NEVER + TENSORFLOW
    seek = f"import importlib.util; print([name for name in {absent} if importlib.util.find_spec(name)])"
    assert ask(python, bundle, "-c", seek).stdout == "[]\n"
    done = ask(python, bundle, "predict.py", *(image["path"] for image in images), "--threshold", "0")
    assert done.returncode == 0, done.stderr[-3000:]
    for image, item in zip(images, json.loads(done.stdout), strict=True):
        assert (item["width"], item["height"]) == (image["width"], image["height"])
        assert {one["class"] for one in item["detections"]} <= {"Ball", 'Zoë "box"'}
        scores = [one["score"] for one in item["detections"][:20]]
        expected = answers[f"{image['id']}/detection_scores"][:20]
        assert np.allclose(scores, expected, atol=TOLERANCES.get(kind, 1e-4))


def test_the_script_says_what_it_cannot_read(run, tmp_path):
    (tmp_path / "no.jpg").write_text("hello")
    argv = [sys.executable, "predict.py", str(tmp_path / "no.jpg")]
    done = subprocess.run(argv, cwd=run / "exports" / "onnx", capture_output=True, text=True)
    assert done.returncode == 1
    assert "no.jpg could not be read as a picture" in done.stderr
    assert json.loads(done.stdout) == []


def test_the_label_map_of_a_bundle_reads_back(run):
    text = (run / "exports" / "tflite" / "label_map.pbtxt").read_text()
    assert text.count("item {") == 2
    assert "id: 1" in text


def test_the_site_reads_the_onnx_bundle(run):
    assert Predictor(run / "exports" / "onnx").classes == {1: "Ball", 2: 'Zoë "box"'}


def test_the_saved_model_takes_several_images_at_once(run):
    answers = np.load(run / "answers.npz")
    for image in val_images(run):
        served = answers[f"{image['id']}/served/detection_scores"]
        assert served.shape[0] == 2
        assert np.allclose(served[0], answers[f"{image['id']}/detection_scores"], atol=1e-5)
        assert answers[f"{image['id']}/served/detection_multiclass_scores"].shape == (2, 100, 3)


@pytest.mark.parametrize("kind", ["tflite", "frozen_graph"])
def test_the_predictor_falls_back_to_other_formats(run, kind):
    answers = np.load(run / "answers.npz")
    images = val_images(run)
    pictures = []
    for image in images:
        with Image.open(image["path"]) as picture:
            pictures.append(picture.convert("RGB"))
    found = Predictor(run / "exports" / kind).predict(pictures)
    for image, item in zip(images, found, strict=True):
        expected = answers[f"{image['id']}/detection_scores"]
        assert np.allclose(item.scores[:20], expected[:20], atol=1e-4)
        assert (item.boxes >= 0).all()
        assert (item.boxes.max(axis=0) <= [image["width"] + 0.1, image["height"] + 0.1] * 2).all()
        assert set(item.class_ids.tolist()) <= {1, 2}
