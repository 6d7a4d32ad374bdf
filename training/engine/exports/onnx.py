"""ONNX, which onnxruntime reads without TensorFlow on processors and GPUs; the site detects with it.

Needs `compat.apply()` first.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from training.engine.exports.subject import Subject
from training.engine.freezing import INPUT, outputs_of
from training.engine.model import OUTPUTS

FILE = "model.onnx"
OPSET = 17
NO_COPIES = "TF2ONNX_CATCH_ERRORS"
# Two stages loop over the images of a batch in ways ONNX cannot express; with one image the loops are gone.
ONE_IMAGE = ("faster_rcnn",)


def write(subject: Subject, folder: Path) -> dict[str, Any]:
    batch = 1 if subject.family in ONE_IMAGE else None
    graph_def = subject.graph(batch=batch, loops=False)
    names = [f"{name}:0" for name in outputs_of(graph_def) if name in OUTPUTS]
    convert(graph_def, names, folder / FILE)
    return {
        "input": f"{INPUT}:0",
        "outputs": names,
        "batch": batch or "any",
        "preprocessing": "in graph: uint8 NHWC RGB any size",
        "opset": OPSET,
    }


def convert(graph_def: Any, outputs: list[str], path: Path) -> None:
    """Writes the graph as ONNX.

    By default tf2onnx copies the whole graph before each of its dozens of optimisations, to carry on if one fails; the
    mere presence of a variable stops that. Only where one does fail, as in the Faster R-CNNs of 2017, the slow way is
    taken; what comes out of it is compared with the checkpoint like any other export.
    """
    os.environ[NO_COPIES] = "FALSE"
    try:
        convert_once(graph_def, outputs, path)
    except Exception:
        del os.environ[NO_COPIES]
        convert_once(graph_def, outputs, path)


def convert_once(graph_def: Any, outputs: list[str], path: Path) -> None:
    import tf2onnx

    tf2onnx.convert.from_graph_def(
        graph_def, input_names=[f"{INPUT}:0"], output_names=outputs, opset=OPSET, output_path=str(path)
    )
