"""Which formats a detector can take, said before anything is built."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from training.engine.architectures.preset import EXPORTS, WHY_NOT
from training.engine.config_import.source import way_of_extractor
from training.engine.errors import EngineError

TFLITE = tuple(name for name in EXPORTS if name.startswith("tflite"))


def refuse_unknown(kinds: Sequence[str]) -> None:
    """Raises `EngineError` for a format that does not exist."""
    for kind in kinds:
        if kind not in EXPORTS:
            raise EngineError("bad_request", f"Unknown format {kind!r}; choose among {', '.join(EXPORTS)}.")


def refuse_impossible(kinds: Sequence[str], pipeline_model: Any) -> None:
    """Raises `EngineError` for the first format that cannot work for the model of a pipeline.config."""
    refuse_unknown(kinds)
    reasons = {kind: why_not(kind, pipeline_model) for kind in EXPORTS}
    for kind in kinds:
        if reasons[kind]:
            others = ", ".join(name for name, reason in reasons.items() if not reason)
            raise EngineError(
                "export_impossible", f"This model cannot become {kind}: {reasons[kind]}. Choose {others} instead."
            )


def why_not(kind: str, pipeline_model: Any) -> str:
    """The reason why a model cannot take the format, empty when it can."""
    if kind not in TFLITE:
        return ""
    if kind == "tflite_int8" and pipeline_model.WhichOneof("model") == "center_net":
        return WHY_NOT["center_net"]
    return why_no_tflite(pipeline_model)


def why_no_tflite(pipeline_model: Any) -> str:
    """The reason why TFLite cannot run the model, empty when it can."""
    family = pipeline_model.WhichOneof("model")
    if family == "faster_rcnn":
        return WHY_NOT["faster_rcnn"]
    settings = getattr(pipeline_model, family)
    if way_of_extractor(settings.feature_extractor.type) == "tf1":
        return WHY_NOT["tf1"]
    if family == "ssd" and settings.feature_extractor.type.startswith("ssd_efficientnet"):
        return WHY_NOT["efficientdet"]
    if family == "ssd" and settings.box_coder.WhichOneof("box_coder_oneof") != "faster_rcnn_box_coder":
        return WHY_NOT["coder"]
    resizer = settings.image_resizer
    kind = resizer.WhichOneof("image_resizer_oneof")
    ratio = resizer.keep_aspect_ratio_resizer
    if kind == "fixed_shape_resizer" or (kind == "keep_aspect_ratio_resizer" and ratio.pad_to_max_dimension):
        return ""
    return WHY_NOT["resizer"]
