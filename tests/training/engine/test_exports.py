"""Every format of one model: what lies in its folder, and that it answers by itself as the checkpoint does."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.training.engine.builders import events, make_run
from training.engine import runner
from training.engine.architectures.preset import EXPORTS
from training.engine.predictor import Predictor

pytestmark = pytest.mark.training

#: What each bundle may need beside numpy and Pillow.
RUNTIMES = {"onnx": "onnxruntime", "tflite": "ai_edge_litert", "tflite_float16": "ai_edge_litert"}
FOREIGN = {"tensorflow", "object_detection", "training", "tf_keras"}


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


def script(folder, *arguments):
    """Runs predict.py of an export as its user would; returns what it printed and what it imported."""
    code = (
        "import json, runpy, sys; sys.argv = sys.argv[1:]\n"
        "sys.path.insert(0, sys.argv[0].rsplit('/', 1)[0])\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "finally: print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    argv = [sys.executable, "-c", code, str(folder / "predict.py"), *map(str, arguments)]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout), set(json.loads(done.stderr.splitlines()[-1]))


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


@pytest.mark.parametrize("kind", RUNTIMES)
def test_the_script_needs_only_its_runtime(run, kind):
    """It prints what the checkpoint says about a photograph that is not square."""
    answers = np.load(run / "answers.npz")
    images = val_images(run)
    found, imported = script(run / "exports" / kind, *(image["path"] for image in images), "--threshold", "0")
    assert RUNTIMES[kind] in imported
    assert not imported & FOREIGN
    tolerance = 1e-4 if kind != "tflite_float16" else 5e-3
    for image, item in zip(images, found, strict=True):
        assert (item["width"], item["height"]) == (image["width"], image["height"])
        assert {one["class"] for one in item["detections"]} <= {"Ball", 'Zoë "box"'}
        scores = [one["score"] for one in item["detections"][:20]]
        assert np.allclose(scores, answers[f"{image['id']}/detection_scores"][:20], atol=tolerance)


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
