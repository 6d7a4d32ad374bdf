"""One GraphDef with the tensor names of 2017, as OpenCV and programs for TensorFlow 1 read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.engine.exports.subject import Subject
from training.engine.freezing import INPUT, outputs_of

FILE = "frozen_inference_graph.pb"


def write(subject: Subject, folder: Path) -> dict[str, Any]:
    graph_def = subject.graph(lower_control_flow=True)
    (folder / FILE).write_bytes(graph_def.SerializeToString())
    return {"input": f"{INPUT}:0", "outputs": [f"{name}:0" for name in outputs_of(graph_def)], "batch": "any"}
