"""Writing a trained model as frozen graph, SavedModel or ONNX; only what answers like the checkpoint is kept.

Needs `compat.apply()` first.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime
import tensorflow as tf

from training.engine.errors import EngineError
from training.engine.export_check import Detect, compare
from training.engine.freezing import INPUT, FrozenDetector, freeze
from training.engine.model import OUTPUTS, Detector
from training.engine.records import label_map_text
from training.engine.rundir import RunDirectory, write_json

OPSET = 17
FROZEN_GRAPH = "frozen_inference_graph.pb"
TOLERANCE = 1e-3  # a thousandth of the image's side, or of a score; measured differences are below a millionth


@dataclass(frozen=True)
class Exported:
    """An export and how far it is from its checkpoint: boxes relative to the image's size, scores from 0 to 1."""

    format: str
    path: Path
    max_box_difference: float
    max_score_difference: float


def export(
    run: RunDirectory, detector: Detector, classes: dict[int, str], input_size: int, kind: str, output: Path
) -> Exported:
    """Writes the detector's present weights to the folder `output`, replacing what was there.

    `kind` is `frozen_graph`, `saved_model` or `onnx`. Raises `EngineError` (and leaves an earlier export alone) when
    the file read back does not answer like the checkpoint on some validation images.
    """
    chosen = FORMATS[kind]
    # On a GPU, TensorFloat-32 would make the checkpoint itself differ from any other runtime in the third digit.
    tf.config.experimental.enable_tensor_float_32_execution(False)
    with whole_folder(output) as part:
        chosen.write(freeze(detector, chosen.lower_control_flow), part)
        box, score = compare(run.records("val"), detector, chosen.load(part))
        if max(box, score) > TOLERANCE:
            raise EngineError(
                "export_mismatch",
                f"The {kind} export does not answer like its checkpoint (boxes differ by {box:.2g}, scores by "
                f"{score:.2g}); it was not kept. Report this with the run's log.",
            )
        (part / "label_map.pbtxt").write_text(label_map_text(classes), encoding="utf-8")
        if kind == "onnx":
            describe_onnx(part, classes, input_size)
    return Exported(kind, output / chosen.file_name, box, score)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yields `<folder>.part` to fill; it takes the folder's place on success and is removed on any failure."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_frozen_graph(graph_def: Any, folder: Path) -> None:
    (folder / FROZEN_GRAPH).write_bytes(graph_def.SerializeToString())


def load_frozen_graph(folder: Path) -> Detect:
    graph_def = tf.compat.v1.GraphDef.FromString((folder / FROZEN_GRAPH).read_bytes())
    return as_run(FrozenDetector(graph_def))


def write_saved_model(graph_def: Any, folder: Path) -> None:
    module = FrozenDetector(graph_def)
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.__call__})


def load_saved_model(folder: Path) -> Detect:
    return as_run(tf.saved_model.load(str(folder)))


def as_run(module: Any) -> Detect:
    return lambda images: {name: value.numpy() for name, value in module(tf.constant(images)).items()}


def write_onnx(graph_def: Any, folder: Path) -> None:
    # By default tf2onnx copies the whole graph before each of its dozens of optimisations, to carry on if one fails;
    # the mere presence of this variable stops that. A failure here should be seen, not hidden in a slower model.
    os.environ["TF2ONNX_CATCH_ERRORS"] = "FALSE"
    import tf2onnx

    tf2onnx.convert.from_graph_def(
        graph_def,
        input_names=[f"{INPUT}:0"],
        output_names=[f"{name}:0" for name in OUTPUTS],
        opset=OPSET,
        output_path=str(folder / "model.onnx"),
    )


def load_onnx(folder: Path) -> Detect:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # its warnings are about optimisations it did not make
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    names = [f"{name}:0" for name in OUTPUTS]
    return lambda images: dict(zip(OUTPUTS, session.run(names, {f"{INPUT}:0": images}), strict=True))


def describe_onnx(folder: Path, classes: dict[int, str], input_size: int) -> None:
    """Writes model.json, which is all a program needs beside model.onnx."""
    about = {
        "format": 1,
        "input_size": input_size,
        "classes": [{"id": class_id, "name": name} for class_id, name in sorted(classes.items())],
        "input": f"{INPUT}:0",
        "outputs": [f"{name}:0" for name in OUTPUTS],
        "preprocessing": "in graph: uint8 NHWC RGB any size",
        "opset": OPSET,
        "sha256": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(),
    }
    write_json(folder / "model.json", about)


@dataclass(frozen=True)
class Format:
    """How one format is written to a folder and read back from it."""

    write: Callable[[Any, Path], None]
    load: Callable[[Path], Detect]
    file_name: str
    lower_control_flow: bool = False


FORMATS = {
    "frozen_graph": Format(write_frozen_graph, load_frozen_graph, FROZEN_GRAPH, lower_control_flow=True),
    "saved_model": Format(write_saved_model, load_saved_model, ""),
    "onnx": Format(write_onnx, load_onnx, "model.onnx"),
}
