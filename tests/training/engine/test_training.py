"""One real, tiny training: cancelled, resumed, evaluated, exported and asked again."""

import contextlib
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.training.engine.builders import events, make_request, make_run
from training.engine import runner
from training.engine.predictor import Predictor
from training.engine.selfcheck import trial
from training.engine.selfcheck.findings import OK

pytestmark = pytest.mark.training

LIMIT = 300  # seconds after which a stuck engine fails the tests
STEPS = 4


def wait_for(run_dir, process, kind) -> None:
    """Follows the events as a worker does until one of this type arrives."""
    offset = 0
    while True:
        found, offset = runner.read_events(run_dir / "events.jsonl", offset)
        if any(event["type"] == kind for event in found):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.fail(f"ended with {process.wait(0.1)}: {(run_dir / 'log.txt').read_text()[-3000:]}")


LONG = {"steps": 100_000, "evaluate_every": 50_000}


@pytest.fixture(scope="module")
def cancelled(tmp_path_factory):
    """A long run that got SIGTERM after its first checkpoint; the weights of that are kept."""
    run_dir = make_run(tmp_path_factory.mktemp("run"), make_request(**LONG))
    process = runner.start(run_dir)
    wait_for(run_dir, process, "checkpoint")
    (run_dir / "first").write_bytes(weights(run_dir, 2))
    code = runner.stop(process, grace=LIMIT)
    saved = events(run_dir, "checkpoint")[-1]["step"]
    return run_dir, code, saved


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The same long run in another place, ended by kill -9 after its first checkpoint, and started again."""
    run_dir = make_run(tmp_path_factory.mktemp("killed"), make_request(**LONG))
    process = runner.start(run_dir)
    wait_for(run_dir, process, "checkpoint")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (run_dir / "first").write_bytes(weights(run_dir, 2))
    before = events(run_dir)
    (run_dir / "events.jsonl").rename(run_dir / "events-before.jsonl")
    again = runner.start(run_dir)
    wait_for(run_dir, again, "step")
    assert runner.stop(again, grace=LIMIT) == runner.CANCELLED
    return run_dir, before


def weights(run_dir, step) -> bytes:
    return (run_dir / "checkpoints" / f"ckpt-{step}.data-00000-of-00001").read_bytes()


@pytest.fixture(scope="module")
def finished(cancelled):
    """The same run with fewer steps to go, started again."""
    run_dir, _, saved = cancelled
    until = saved + STEPS
    settings = make_request(steps=until, evaluate_every=saved + 2, checkpoint_every=2)
    (run_dir / "run.json").write_text(json.dumps(settings))
    before = {path.name: path.stat().st_mtime_ns for path in run_dir.glob("*.record")}
    code = runner.start(run_dir).wait(LIMIT)
    assert code == runner.DONE, (run_dir / "log.txt").read_text()[-3000:]
    return run_dir, saved, before


@pytest.fixture(scope="module")
def answers(finished, tmp_path_factory):
    """Per source ("checkpoint", "frozen_graph", "saved_model") and image id, the outputs for the val images."""
    output = tmp_path_factory.mktemp("answers") / "answers.npz"
    argv = [sys.executable, "-m", "tests.training.engine.checkpoint_answers", str(finished[0]), str(output)]
    done = subprocess.run(argv, cwd=runner.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return np.load(output)


def test_a_signal_saves_a_checkpoint_and_stops(cancelled):
    run_dir, code, saved = cancelled
    assert code == runner.CANCELLED
    assert events(run_dir)[-1]["state"] == "cancelled"
    assert saved >= 1
    assert (run_dir / "checkpoints" / f"ckpt-{saved}.index").exists()


def test_the_same_seed_gives_the_same_weights_bit_by_bit(cancelled, killed):
    assert (cancelled[0] / "first").read_bytes() == (killed[0] / "first").read_bytes()


def test_kill_loses_no_more_than_the_steps_since_the_last_checkpoint(killed):
    run_dir, before = killed
    saved = [event["step"] for event in before if event["type"] == "checkpoint"]
    reached = [event["step"] for event in before if event["type"] == "step"]
    assert events(run_dir, "step")[0]["step"] == saved[-1] + 1
    assert reached[-1] - saved[-1] <= 2
    assert not list(run_dir.rglob("*.part"))


def test_it_goes_on_from_the_newest_checkpoint(finished):
    run_dir, saved, before = finished
    after = events(run_dir)[[event.get("state") for event in events(run_dir)].index("cancelled") :]
    steps = [event["step"] for event in after if event["type"] == "step"]
    assert steps == list(range(saved + 1, saved + STEPS + 1))
    assert {path.name: path.stat().st_mtime_ns for path in run_dir.glob("*.record")} == before
    assert "restored" not in [event["type"] for event in after]


def test_steps_carry_their_figures(finished):
    step = events(finished[0], "step")[-1]
    assert set(step["loss"]) == {"total", "localization", "classification", "regularization"}
    assert step["loss"]["total"] == pytest.approx(sum(step["loss"].values()) - step["loss"]["total"], rel=1e-4)
    assert step["steps_per_second"] > 0
    assert step["memory_mb"] > 100


def test_evaluations_and_the_best_checkpoint(finished):
    run_dir, saved, _ = finished
    found = events(run_dir, "eval")
    assert [event["step"] for event in found] == [saved + 2, saved + STEPS]
    assert set(found[0]["per_class"]) == {"Ball", 'Zoë "box"'}
    assert all(0 <= event["ap"] <= event["ap50"] <= 1 for event in found)
    best = json.loads((run_dir / "best" / "best.json").read_text())
    assert best["ap"] == pytest.approx(max(event["ap"] for event in found), rel=1e-5)
    assert (run_dir / "best" / f"ckpt-{best['step']}.index").exists()
    assert len(list((run_dir / "best").glob("*.index"))) == 1
    detections = json.loads((run_dir / "eval" / f"detections-{saved + STEPS}.json").read_text())
    assert [image["id"] for image in detections["images"]] == [14, 15]


def test_the_result_ends_the_events(finished):
    run_dir, saved, _ = finished
    result, done = events(run_dir)[-2:]
    assert (result["type"], result["steps"], done["state"]) == ("result", saved + STEPS, "done")
    assert result["val"]["ap"] == events(run_dir, "eval")[-1]["ap"]
    assert result["best"]["step"] == json.loads((run_dir / "best" / "best.json").read_text())["step"]
    assert not list(run_dir.rglob("*.part"))


def test_the_onnx_export_is_described(finished):
    about = json.loads((finished[0] / "exports" / "onnx" / "model.json").read_text())
    assert about["classes"] == [{"id": 1, "name": "Ball"}, {"id": 2, "name": 'Zoë "box"'}]
    assert (about["input"], about["input_size"], about["opset"]) == ("image_tensor:0", 96, 17)
    export = events(finished[0], "export")[-1]
    assert export["path"] == "exports/onnx/model.onnx"
    assert max(export["max_box_difference"], export["max_score_difference"]) < 1e-4


def test_the_predictor_answers_like_the_checkpoint(finished, answers):
    """Boxes come back in pixels of images that are not square, one at a time or in a batch."""
    images = []
    for item in json.loads((finished[0] / "dataset.json").read_text())["images"]:
        if item["split"] == "val":
            with Image.open(item["path"]) as image:
                images.append((item["id"], image.convert("RGB")))
    predictor = Predictor(finished[0] / "exports" / "onnx", batch_size=2)
    for (image_id, image), found in zip(images, predictor.predict([image for _, image in images]), strict=True):
        assert len(found) == int(answers[f"checkpoint/{image_id}/num_detections"])
        assert np.allclose(found.scores, answers[f"checkpoint/{image_id}/detection_scores"][: len(found)], atol=1e-4)
        assert set(found.class_ids.tolist()) <= {1, 2}
        raw = {name: answers[f"checkpoint/{image_id}/raw_detection_{name}"] for name in ("boxes", "scores")}
        assert all(
            is_said(box, score, raw, image.size) for box, score in zip(found.boxes[:5], found.scores, strict=False)
        )
    (pair,) = predictor.predict([images[0][1]])
    for item in predictor.predict([images[0][1], images[0][1]]):
        assert np.allclose(item.scores, pair.scores, atol=1e-4)


def is_said(box: np.ndarray, score: float, raw: dict[str, np.ndarray], size: tuple[int, int]) -> bool:
    """Whether one of the checkpoint's raw boxes, clipped to the image, is this box with this score.

    The boxes before suppression are asked: of two with equal scores either may survive, and a model that has hardly
    learnt anything has many of those.
    """
    width, height = size
    pixels = np.clip(raw["boxes"][:, [1, 0, 3, 2]], 0, 1) * [width, height, width, height]
    near = np.abs(pixels - box).max(axis=1) < 0.05
    return bool(np.isclose(raw["scores"][near], score, atol=1e-5).any())


@pytest.mark.parametrize("kind", ["frozen_graph", "saved_model"])
def test_the_other_exports_answer_like_the_checkpoint(finished, answers, kind):
    assert (finished[0] / "exports" / kind / "label_map.pbtxt").exists()
    for image_id in (14, 15):
        for name in ("detection_boxes", "detection_scores", "detection_classes", "num_detections"):
            expected = answers[f"checkpoint/{image_id}/{name}"]
            assert np.allclose(answers[f"{kind}/{image_id}/{name}"], expected, atol=1e-5), (kind, name)


def test_the_machine_s_check_understands_the_events_of_a_real_run(finished):
    found = list(trial.stages(events(finished[0])))
    assert {finding.check for finding in found} == {"steps", "evaluation", "export"}
    assert {finding.state for finding in found} == {OK}
