"""A detector that always answers the same: an ONNX graph with the signature of the exported models."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MAX_BOXES = 100
INPUT = "image_tensor:0"
OUTPUTS = ("detection_boxes:0", "detection_scores:0", "detection_classes:0", "num_detections:0")

#: (class id, score, xmin, ymin, xmax, ymax), edges as shares of the image's width and height.
Answer = tuple[int, float, float, float, float, float]


def write_onnx_model(
    folder: Path, classes: dict[int, str], answers: Sequence[Answer] = (), brightness: float | None = None
) -> Path:
    """Write model.onnx and model.json into `folder`; the graph gives `answers` for every image.

    With `brightness` (0 to 1) only for images whose mean pixel is brighter: for the others every score is 0.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.onnx"
    onnx.save(constant_detector(answers, brightness), path)
    description = {
        "format": 1,
        "input_size": 320,
        "classes": [{"id": number, "name": name} for number, name in classes.items()],
        "input": INPUT,
        "outputs": list(OUTPUTS),
        "preprocessing": "in graph: uint8 NHWC RGB any size",
        "opset": 17,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    (folder / "model.json").write_text(json.dumps(description))
    return folder


def constant_detector(answers: Sequence[Answer], brightness: float | None = None) -> onnx.ModelProto:
    """image_tensor uint8 [N, H, W, 3] -> the constant answers, repeated N times."""
    boxes = np.zeros((1, MAX_BOXES, 4), np.float32)
    scores = np.zeros((1, MAX_BOXES), np.float32)
    classes = np.ones((1, MAX_BOXES), np.float32)
    for index, (class_id, score, xmin, ymin, xmax, ymax) in enumerate(sorted(answers, key=lambda row: -row[1])):
        boxes[0, index] = ymin, xmin, ymax, xmax
        scores[0, index], classes[0, index] = score, class_id
    constants = dict(zip(OUTPUTS, (boxes, scores, classes, np.full(1, len(answers), np.float32)), strict=True))
    nodes = [helper.make_node("Shape", [INPUT], ["batch"], start=0, end=1)]
    for name, value in constants.items():
        nodes += repeat(name, value.ndim)
    gate = [] if brightness is None else put_behind_gate(nodes, brightness)
    graph = helper.make_graph(
        nodes,
        "constant_detector",
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["n", "h", "w", 3])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *value.shape[1:]])
            for name, value in constants.items()
        ],
        initializer=[numpy_helper.from_array(value, f"{name}/value") for name, value in constants.items()]
        + [numpy_helper.from_array(np.ones(n, np.int64), f"ones_{n}") for n in (1, 2)]
        + gate,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def repeat(name: str, dimensions: int) -> list[onnx.NodeProto]:
    """Nodes that repeat `<name>/value` along its first axis, once per image of the batch."""
    if dimensions == 1:
        return [helper.make_node("Tile", [f"{name}/value", "batch"], [name])]
    times = f"{name}/times"
    return [
        helper.make_node("Concat", ["batch", f"ones_{dimensions - 1}"], [times], axis=0),
        helper.make_node("Tile", [f"{name}/value", times], [name]),
    ]


def put_behind_gate(nodes: list[onnx.NodeProto], brightness: float) -> list[TensorProto]:
    """Scores become 0 on images that are not brighter (mean pixel, 0 to 1); gives the constants this needs."""
    scores = next(node for node in nodes if list(node.output) == [OUTPUTS[1]])
    scores.output[0] = "scores/all"
    nodes += [
        helper.make_node("Cast", [INPUT], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Greater", ["mean", "brightness"], ["is_bright"]),
        helper.make_node("Cast", ["is_bright"], ["bright"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["bright", "second_axis"], ["bright/row"]),
        helper.make_node("Mul", ["scores/all", "bright/row"], [OUTPUTS[1]]),
    ]
    limit = numpy_helper.from_array(np.float32(255 * brightness), "brightness")
    return [limit, numpy_helper.from_array(np.array([1], np.int64), "second_axis")]
