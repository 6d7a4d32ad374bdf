"""Starting from ImageNet: the weights of a Keras MobileNet V2 put into the detector's feature extractor.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tf_keras

from training.engine.errors import EngineError
from training.engine.restore import Restored, Skipped

LEAST_PART = 0.5  # of the backbone's tensors; fewer means that the file belongs to another network


def load_backbone(model: Any, path: Path, depth_multiplier: float) -> Restored:
    """Copies every tensor of a `tf_keras.applications.MobileNetV2` weights file that has its counterpart.

    The last convolution (`Conv_1`) does not fit narrow networks: Keras never makes it narrower than 1280 channels, the
    Object Detection API does. Raises `EngineError` when the file is not such a file or is of another width.
    """
    given = read_weights(path, depth_multiplier)
    variables = model.feature_extractor.classification_backbone.weights
    kept, skipped = 0, []
    for variable in variables:
        name = variable.name.split(":")[0]
        value = given.get(name.split("/", 1)[-1] if name not in given else name)
        if value is None or value.shape != tuple(variable.shape):
            reason = "not in the file" if value is None else f"shape {value.shape}, needed {tuple(variable.shape)}"
            skipped.append(Skipped(name, reason))
            continue
        variable.assign(value)
        kept += 1
    if kept < LEAST_PART * len(variables):
        raise wrong_file(path, depth_multiplier, f"only {kept} of {len(variables)} tensors fit")
    return Restored(str(path), kept, tuple(skipped))


def read_weights(path: Path, depth_multiplier: float) -> dict[str, Any]:
    """Arrays by variable name of a weights file with or without the classification layer."""
    if not path.is_file():
        sentence = f"The backbone file {path.name} is missing; put it back or choose another."
        raise EngineError("backbone_missing", sentence)
    problem = ""
    for include_top in (False, True):
        source = tf_keras.applications.MobileNetV2((224, 224, 3), depth_multiplier, include_top, weights=None)
        try:
            source.load_weights(str(path))
        except (ValueError, OSError, KeyError) as error:
            problem = problem or str(error).splitlines()[0][:200]
            continue
        return {variable.name.split(":")[0]: variable.numpy() for variable in source.weights}
    raise wrong_file(path, depth_multiplier, problem)


def wrong_file(path: Path, depth_multiplier: float, problem: str) -> EngineError:
    return EngineError(
        "wrong_backbone",
        f"{path.name} is not a Keras MobileNetV2 weights file of width {depth_multiplier:g} ({problem}); "
        "choose the file that belongs to this depth multiplier.",
    )
