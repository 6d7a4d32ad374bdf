"""Which formats a detector can take, said before anything is built."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from training.engine.architectures.preset import EXPORTS
from training.engine.errors import EngineError

TFLITE = tuple(name for name in EXPORTS if name.startswith("tflite"))

WHY_NOT = {
    "faster_rcnn": "Faster R-CNN cuts proposals out of its feature map, which TFLite has no operation for",
    "resizer": "TFLite needs an input of one fixed size, and this model's depends on the photograph",
    "coder": "TFLite's box decoding knows only the Faster R-CNN box coder, and this model has another",
}


def refuse_unknown(kinds: Sequence[str]) -> None:
    """Raises `EngineError` for a format that does not exist."""
    for kind in kinds:
        if kind not in EXPORTS:
            raise EngineError("bad_request", f"Unknown format {kind!r}; choose among {', '.join(EXPORTS)}.")


def refuse_impossible(kinds: Sequence[str], pipeline_model: Any) -> None:
    """Raises `EngineError` for the first format that cannot work for the model of a pipeline.config."""
    refuse_unknown(kinds)
    reason = why_no_tflite(pipeline_model)
    wanted = [kind for kind in kinds if kind in TFLITE]
    if wanted and reason:
        others = [name for name in EXPORTS if name not in TFLITE]
        raise EngineError(
            "export_impossible", f"This model cannot become {wanted[0]}: {reason}. Choose {', '.join(others)} instead."
        )


def why_no_tflite(pipeline_model: Any) -> str:
    """The reason why TFLite cannot run the model, empty when it can."""
    family = pipeline_model.WhichOneof("model")
    if family == "faster_rcnn":
        return WHY_NOT["faster_rcnn"]
    settings = getattr(pipeline_model, family)
    if family == "ssd" and settings.box_coder.WhichOneof("box_coder_oneof") != "faster_rcnn_box_coder":
        return WHY_NOT["coder"]
    resizer = settings.image_resizer
    kind = resizer.WhichOneof("image_resizer_oneof")
    ratio = resizer.keep_aspect_ratio_resizer
    if kind == "fixed_shape_resizer" or (kind == "keep_aspect_ratio_resizer" and ratio.pad_to_max_dimension):
        return ""
    return WHY_NOT["resizer"]
