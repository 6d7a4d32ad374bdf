"""Detection from an ONNX file, with a made-up model whose answer is known."""

import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from training.engine.errors import EngineError
from training.engine.predictor import CACHED_MODELS, Predictor, cache, get_predictor, model_file
from training.engine.predictor.predictor import groups
from training.engine.runner import REFUSED, ROOT

# Relative ymin, xmin, ymax, xmax; the third is beyond num_detections.
BOXES = np.array([[0.1, 0.2, 0.5, 0.8], [0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]], np.float32)
SCORES = np.array([0.9, 0.4, 0.0], np.float32)
CLASS_IDS = np.array([2, 1, 1], np.float32)


def write_model(folder, scores=SCORES):
    """A model that gives the same answer for every image of the batch."""
    folder.mkdir(parents=True, exist_ok=True)
    answers = {
        "detection_boxes": BOXES,
        "detection_scores": scores,
        "detection_classes": CLASS_IDS,
        "num_detections": np.array(2, np.float32),
    }
    nodes = [
        helper.make_node("Shape", ["image_tensor:0"], ["batch"], start=0, end=1),
    ]
    constants = []
    for name, value in answers.items():
        constants.append(helper.make_tensor(name, TensorProto.FLOAT, value.shape, value.ravel().tolist()))
        constants.append(helper.make_tensor(f"{name}_shape", TensorProto.INT64, [value.ndim], list(value.shape)))
        nodes.append(helper.make_node("Concat", ["batch", f"{name}_shape"], [f"{name}_batch"], axis=0))
        nodes.append(helper.make_node("Expand", [name, f"{name}_batch"], [f"{name}:0"]))
    images = helper.make_tensor_value_info("image_tensor:0", TensorProto.UINT8, ["n", "h", "w", 3])
    outputs = [helper.make_tensor_value_info(f"{name}:0", TensorProto.FLOAT, None) for name in answers]
    graph = helper.make_graph(nodes, "fake", [images], outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / "model.onnx")
    about = {
        "format": 1,
        "input": "image_tensor:0",
        "classes": [{"id": 1, "name": "Ball"}, {"id": 2, "name": "Box"}],
        "sha256": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(),
    }
    (folder / "model.json").write_text(json.dumps(about))
    return folder


@pytest.fixture
def folder(tmp_path):
    return write_model(tmp_path / "onnx")


def test_boxes_are_pixels_of_an_image_that_is_not_square(folder):
    predictor = Predictor(folder, threads=1)
    (found,) = predictor.predict([Image.new("L", (400, 200))])
    assert predictor.classes == {1: "Ball", 2: "Box"}
    assert found.boxes.tolist() == [[80, 20, 320, 100], [0, 0, 400, 200]]
    assert found.class_ids.tolist() == [2, 1]
    assert found.scores.tolist() == pytest.approx([0.9, 0.4])
    assert (found.boxes.dtype, found.scores.dtype, found.class_ids.dtype) == (np.float32, np.float32, np.int64)


def test_above_keeps_the_threshold_itself(folder):
    (found,) = Predictor(folder).predict([Image.new("RGB", (10, 10))])
    assert len(found.above(0.5)) == 1
    assert len(found.above(float(found.scores[1]))) == 2
    assert found.above(0.95).boxes.shape == (0, 4)


def test_mixed_images_keep_their_order(folder):
    images = [np.zeros((20, 10, 3), np.uint8), np.zeros((20, 10, 3), np.uint8), Image.new("RGBA", (30, 20))]
    found = Predictor(folder, batch_size=8).predict(images)
    assert [item.boxes[1].tolist() for item in found] == [[0, 0, 10, 20], [0, 0, 10, 20], [0, 0, 30, 20]]
    assert Predictor(folder).predict([]) == []


def test_images_of_one_shape_go_together():
    assert list(groups([(2, 1), (2, 5), (2, 1), (2, 1), (2, 5)], 2)) == [[0, 2], [3], [1, 4]]
    assert list(groups([], 8)) == []


def test_a_model_for_one_image_gets_one(folder):
    about = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**about, "batch": 1}))
    assert len(Predictor(folder, batch_size=8).predict([Image.new("RGB", (9, 9))] * 3)) == 3


def test_arrays_of_another_kind_are_refused(folder):
    with pytest.raises(ValueError, match="uint8"):
        Predictor(folder).predict([np.zeros((4, 4, 3), np.float32)])


def test_missing_and_damaged_exports(folder, tmp_path):
    with pytest.raises(EngineError) as caught:
        Predictor(tmp_path / "nothing")
    assert caught.value.code == "no_export"
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"more")
    with pytest.raises(EngineError) as caught:
        Predictor(folder)
    assert caught.value.code == "bad_export"


def test_predictors_are_shared_and_few(tmp_path):
    folders = [write_model(tmp_path / str(index)) for index in range(CACHED_MODELS + 1)]
    first = get_predictor(folders[0])
    assert get_predictor(folders[0] / "model.onnx") is first
    for folder in folders[1:]:
        get_predictor(folder)
    assert get_predictor(folders[0]) is not first


def test_a_new_export_is_noticed(folder):
    before = get_predictor(folder)
    write_model(folder, scores=SCORES / 2)
    assert get_predictor(folder) is not before


def test_several_threads_share_a_predictor(folder):
    with ThreadPoolExecutor(8) as threads:
        images = [Image.new("RGB", (10 + index % 3, 10)) for index in range(24)]
        found = list(threads.map(lambda image: get_predictor(folder).predict([image])[0], images))
    assert [item.boxes[1, 2] for item in found] == [image.width for image in images]


def test_large_models_leave_room(tmp_path, monkeypatch):
    folders = [write_model(tmp_path / str(index)) for index in range(2)]
    monkeypatch.setattr(cache, "CACHED_MEGABYTES", 1.5 * (folders[0] / "model.onnx").stat().st_size / 2**20)
    first = get_predictor(folders[0])
    second = get_predictor(folders[1])
    assert get_predictor(folders[1]) is second
    assert get_predictor(folders[0]) is not first


def test_the_best_file_of_a_folder_is_taken(folder):
    (folder / "model.tflite").write_bytes(b"x")
    assert model_file(folder).name == "model.onnx"
    assert model_file(folder / "model.tflite").name == "model.tflite"
    with pytest.raises(EngineError):
        model_file(folder / "model.json")


def test_a_damaged_tflite_file_is_refused(tmp_path):
    (tmp_path / "model.tflite").write_bytes(b"nothing")
    about = {"classes": [], "sha256": hashlib.sha256(b"nothing").hexdigest(), "batch": 1, "input": "images"}
    (tmp_path / "model.json").write_text(json.dumps(about))
    with pytest.raises(EngineError) as caught:
        Predictor(tmp_path)
    assert caught.value.code == "bad_export"


def test_the_predict_command(folder, tmp_path):
    Image.new("RGB", (40, 20)).save(tmp_path / "a.png")
    argv = [sys.executable, "-m", "training.engine", "predict", str(folder), str(tmp_path / "a.png")]
    done = subprocess.run([*argv, "--threshold", "0.5"], cwd=ROOT, capture_output=True, text=True)
    (item,) = json.loads(done.stdout)
    box = {"xmin": 8.0, "ymin": 2.0, "xmax": 32.0, "ymax": 10.0}
    assert item["detections"] == [{"class": "Box", "class_id": 2, "score": 0.9, "box": box}]
    done = subprocess.run([*argv, str(folder / "model.json")], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, "could not be read as a picture" in done.stderr) == (REFUSED, True)
