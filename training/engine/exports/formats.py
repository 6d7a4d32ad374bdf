"""The formats by name: how each is written, what reads it, and how far it may be from its checkpoint.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from training.engine.bundle import runtime_frozen_graph, runtime_litert, runtime_onnx, runtime_saved_model
from training.engine.exports import frozen_graph, onnx, saved_model, tflite
from training.engine.exports.comparison import Comparison
from training.engine.exports.reference import Ask
from training.engine.exports.subject import Subject


@dataclass(frozen=True)
class Limits:
    """What a format may lose.

    `difference` bounds boxes (relative to the image) and scores of every detection, `rank_difference` those of the
    sorted scores; `mean_iou` and `mean_score` bound the matched detections, `ap` the average precision.
    """

    difference: float = float("inf")
    rank_difference: float = float("inf")
    mean_iou: float = 0.0
    mean_score: float = 1.0
    ap: float = 1.0

    def broken(self, found: Comparison, ap_gap: float | None) -> list[str]:
        """What is beyond the limits, in words."""
        says = []
        if found.max_box_difference > self.difference:
            says.append(f"boxes differ by {found.max_box_difference:.2g} of the image")
        if found.max_score_difference > self.difference or found.max_rank_difference > self.rank_difference:
            says.append(f"scores differ by {max(found.max_score_difference, found.max_rank_difference):.2g}")
        if found.mean_iou < self.mean_iou:
            says.append(f"boxes overlap with the checkpoint's by {found.mean_iou:.2f} on average")
        if found.mean_score_difference > self.mean_score:
            says.append(f"scores of the same objects differ by {found.mean_score_difference:.2f} on average")
        if ap_gap is not None and ap_gap > self.ap:
            says.append(f"AP falls by {ap_gap:.3f}")
        return says


# A thousandth of the image's side, or of a score; measured differences are below a millionth.
SAME = Limits(difference=1e-3, rank_difference=1e-3, mean_iou=0.99, mean_score=1e-3, ap=0.005)
# TFLite clips boxes after suppression and not before, so it may keep another of two neighbours at the image's edge.
SAME_CANDIDATES = Limits(difference=1e-3, mean_iou=0.9, mean_score=0.02, ap=0.02)
HALF_PRECISION = Limits(mean_iou=0.9, mean_score=0.02, ap=0.02)
EIGHT_BITS = Limits(mean_iou=0.7, mean_score=0.2, ap=0.05)


@dataclass(frozen=True)
class Format:
    """How one format is written to a folder and read back from it.

    `write` returns what a program needs to know beyond the common part of model.json. `runtime` is the file of the
    bundle that reads it back, `packages` what has to be installed for that.
    """

    name: str
    title: str
    file: str
    packages: str
    runtime: ModuleType
    limits: Limits
    write: Callable[[Subject, Path], dict[str, Any]]

    def load(self, folder: Path, about: dict[str, Any]) -> Ask:
        """The export as somebody else would load it."""
        ask: Ask = self.runtime.load(folder, about)
        return ask


def tflite_format(name: str, title: str, limits: Limits) -> Format:
    def write(subject: Subject, folder: Path) -> dict[str, Any]:
        return tflite.write(subject, folder, name)

    return Format(name, title, tflite.FILE, "ai-edge-litert numpy pillow", runtime_litert, limits, write)


ALL = (
    Format(
        "saved_model", "TensorFlow SavedModel", saved_model.FILE, "tensorflow pillow", runtime_saved_model, SAME,
        saved_model.write,
    ),
    Format(
        "frozen_graph", "frozen graph of TensorFlow 1", frozen_graph.FILE, "tensorflow pillow", runtime_frozen_graph,
        SAME, frozen_graph.write,
    ),
    Format("onnx", "ONNX", onnx.FILE, "onnxruntime numpy pillow", runtime_onnx, SAME, onnx.write),
    tflite_format("tflite", "TFLite, 32-bit floating point", SAME_CANDIDATES),
    tflite_format("tflite_float16", "TFLite, 16-bit weights", HALF_PRECISION),
    tflite_format("tflite_int8", "TFLite, 8-bit integers", EIGHT_BITS),
)  # fmt: skip
FORMATS = {one.name: one for one in ALL}
