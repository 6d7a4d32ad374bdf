"""Moving averages of a whole model fitted to the length of its run. Needs `compat.apply()` first."""

from __future__ import annotations

from typing import Any

from training.engine.architectures.parts import batch_norm_decay


def fit_batch_norm(model: Any, steps: int) -> None:
    """Shortens the moving averages of every layer to a twentieth of the run.

    The config reaches most layers, but not the networks that come from Keras as they are: those of EfficientDet,
    CenterNet and Faster R-CNN. Call it before the training step is traced.
    """
    for layer in model.submodules:
        if hasattr(layer, "moving_mean") and hasattr(layer, "momentum"):
            layer.momentum = batch_norm_decay(steps, layer.momentum)
