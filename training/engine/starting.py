"""Puts what a run starts from into its fresh model. Needs `compat.apply()` first."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from training.engine.architectures.parts import width_for
from training.engine.backbone import load_backbone
from training.engine.request import RunRequest
from training.engine.restore import Restored, load_checkpoint
from training.engine.zoo import resolve


def start_from(request: RunRequest, pipeline: Any, model: Any, class_names: Sequence[str], folder: Path) -> Restored:
    """Loads the base that the request names into `model`, whose variables must exist.

    `class_names` are the run's in the order of their ids; `folder` is a place to unpack archives to, gone afterwards.
    Raises `EngineError` for a base that cannot be read or does not fit.
    """
    base = request.base
    extractor = extractor_of(pipeline)
    if base.kind == "backbone":
        return load_backbone(model, Path(base.path), width_of(extractor), extractor.type)
    try:
        start = resolve(base, folder, extractor.type)
        restored = load_checkpoint(model, start.prefix, start.classes, class_names)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return replace(restored, source=base.path)


def extractor_of(pipeline: Any) -> Any:
    """The feature extractor's message of whichever model a pipeline has."""
    return getattr(pipeline.model, pipeline.model.WhichOneof("model")).feature_extractor


def width_of(extractor: Any) -> float:
    """How wide the network is, 1 for those of one width, which have no such field or leave it alone."""
    return width_for(extractor.type, float(getattr(extractor, "depth_multiplier", 1.0) or 1.0))
