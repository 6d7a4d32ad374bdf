"""Real, tiny trainings in TensorFlow 1's way: killed, resumed, evaluated, exported; and the tutorial's own config."""

import json
import signal

import numpy as np
import pytest
from PIL import Image

from tests.sample_data import sample_data
from tests.training.engine.builders import events, make_request, make_run
from tests.training.engine.test_training import wait_for
from tests.training.engine.tutorial import make_tutorial_run
from training.engine import runner
from training.engine.predictor import Predictor

pytestmark = pytest.mark.training

LIMIT = 600  # seconds after which a stuck engine fails the tests
MODEL = {"architecture": "ssd_mobilenet_v1", "depth_multiplier": 0.25, "input_size": 96}


def settings(**train) -> dict:
    return {**make_request(**train), "model": dict(MODEL)}


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A long run that was killed without warning after its first checkpoint."""
    asked = settings(steps=100_000, evaluate_every=50_000, checkpoint_every=1)
    run_dir = make_run(tmp_path_factory.mktemp("run"), asked)
    process = runner.start(run_dir)
    wait_for(run_dir, process, "checkpoint")
    process.kill()
    assert process.wait(LIMIT) == -signal.SIGKILL
    newest = max(int(path.stem.split("-")[1]) for path in (run_dir / "checkpoints").glob("ckpt-*.index"))
    return run_dir, newest


@pytest.fixture(scope="module")
def finished(killed):
    """The same run with two steps to go, started again."""
    run_dir, saved = killed
    asked = settings(steps=saved + 2, evaluate_every=saved + 2, checkpoint_every=10)
    (run_dir / "run.json").write_text(json.dumps(asked))
    assert runner.start(run_dir).wait(LIMIT) == runner.DONE, (run_dir / "log.txt").read_text()[-3000:]
    return run_dir, saved


def test_it_goes_on_from_the_newest_checkpoint(finished):
    run_dir, saved = finished
    states = [event.get("message") for event in events(run_dir)]
    assert f"Going on from step {saved}." in states
    assert [event["step"] for event in events(run_dir, "step")][-2:] == [saved + 1, saved + 2]


def test_steps_and_evaluations_carry_the_same_figures_as_in_the_other_way(finished):
    run_dir, saved = finished
    step, found = events(run_dir, "step")[-1], events(run_dir, "eval")[-1]
    assert set(step["loss"]) == {"total", "localization", "classification", "regularization"}
    assert step["loss"]["total"] == pytest.approx(sum(step["loss"].values()) / 2, rel=1e-4)
    assert step["learning_rate"] > 0 and step["steps_per_second"] > 0 and step["memory_mb"] > 100
    assert set(found["per_class"]) == {"Ball", 'Zoë "box"'}
    assert 0 <= found["ap"] <= found["ap50"] <= 1
    written = json.loads((run_dir / "eval" / f"detections-{saved + 2}.json").read_text())
    assert [image["id"] for image in written["images"]] == [14, 15]
    assert json.loads((run_dir / "best" / "best.json").read_text())["step"] == saved + 2


def test_the_run_ends_with_an_onnx_model_that_detects(finished):
    run_dir, saved = finished
    result, done = events(run_dir)[-2:]
    assert (result["type"], result["steps"], done["state"]) == ("result", saved + 2, "done")
    (export,) = events(run_dir, "export")
    assert max(export["max_box_difference"], export["max_score_difference"]) < 1e-4
    predictor = Predictor(run_dir / "exports" / "onnx")
    assert predictor.classes == {1: "Ball", 2: 'Zoë "box"'}
    photo = Image.new("RGB", (160, 100), (90, 120, 150))
    single, pair = predictor.predict([photo]), predictor.predict([photo, photo])
    assert len(single[0]) > 0 and set(single[0].class_ids.tolist()) <= {1, 2}
    assert np.allclose(pair[1].scores, single[0].scores, atol=1e-5)


def test_the_tutorials_own_config(tmp_path):
    """Windows paths and all: imported, trained, evaluated and made the frozen graph it was written for."""
    run_dir = make_tutorial_run(
        tmp_path / "run", sample_data("star_wars"), 4, 2, 96, steps=2, batch_size=2, evaluate_every=2, log_every=1
    )
    assert runner.start(run_dir).wait(LIMIT) == runner.DONE, (run_dir / "log.txt").read_text()[-3000:]
    changed = {change["field"] for change in json.loads((run_dir / "imported.json").read_text())["changes"]}
    assert {"train_config.fine_tune_checkpoint", "train_input_reader.input_path"} <= changed
    assert [event["step"] for event in events(run_dir, "step")] == [1, 2]
    assert set(events(run_dir, "eval")[0]["per_class"]) == {"BB-8", "R2-D2"}
    output = tmp_path / "frozen"
    code = runner.start(run_dir, "export", "--format", "frozen_graph", "--output", str(output)).wait(LIMIT)
    assert code == runner.DONE, (run_dir / "log.txt").read_text()[-3000:]
    graph = (output / "frozen_inference_graph.pb").read_bytes()
    names = ("image_tensor", "detection_boxes", "detection_scores", "detection_classes", "num_detections")
    assert all(name.encode() in graph for name in names)
    onnx, frozen = events(run_dir, "export")
    assert (onnx["format"], frozen["format"]) == ("onnx", "frozen_graph")
    assert max(frozen["max_box_difference"], frozen["max_score_difference"]) < 1e-4
