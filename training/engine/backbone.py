"""Starting from ImageNet: the weights of a Keras network put into the detector's feature extractor.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tf_keras

from training.engine.errors import EngineError
from training.engine.restore import Restored, Skipped

LEAST_PART = 0.5  # of the backbone's tensors; fewer means that the file belongs to another network

#: The network of `tf_keras.applications` inside a feature extractor, by a part of its name; the first that fits.
NETWORKS = {
    "mobilenet_v1": "MobileNet",
    "mobilenet_v2": "MobileNetV2",
    "inception_resnet_v2": "InceptionResNetV2",
    "resnet_v2_50": "ResNet50V2",
    "resnet_v2_101": "ResNet101V2",
    "resnet_v1_50": "ResNet50",
    "resnet_v1_101": "ResNet101",
    "resnet50": "ResNet50",
    "resnet101": "ResNet101",
    "resnet152": "ResNet152",
}


@dataclass(frozen=True)
class Network:
    """A network of `tf_keras.applications`; `width` is the depth multiplier of a MobileNet, 1 for others."""

    name: str
    width: float

    def build(self, include_top: bool) -> Any:
        """The network with random weights, at the size of ImageNet's pictures."""
        arguments: dict[str, Any] = {"alpha": self.width} if self.name.startswith("MobileNet") else {}
        make = getattr(tf_keras.applications, self.name)
        return make(input_shape=(224, 224, 3), include_top=include_top, weights=None, **arguments)


def network_of(extractor: str, depth_multiplier: float) -> Network:
    """The network inside a feature extractor; `EngineError` where Keras has none of its kind."""
    for part, name in NETWORKS.items():
        if part in extractor:
            return Network(name, depth_multiplier)
    raise EngineError(
        "no_backbone",
        f"{extractor} has no network of Keras inside, so no backbone weights fit it; "
        "start from a zoo archive, from a model of this site, or from nothing.",
    )


def load_backbone(model: Any, path: Path, depth_multiplier: float, extractor: str = "mobilenet_v2") -> Restored:
    """Copies every tensor of a `tf_keras.applications` weights file that has its counterpart.

    A narrow MobileNet V2's last convolution (`Conv_1`) does not fit: Keras never makes it narrower than 1280 channels,
    the Object Detection API does. Raises `EngineError` when the file is not such a file or is of another width.
    """
    network = network_of(extractor, depth_multiplier)
    given = read_weights(path, network)
    variables = model._feature_extractor.classification_backbone.weights
    kept, skipped = 0, []
    for variable in variables:
        name = variable.name.split(":")[0]
        value = given.get(name, given.get(name.split("/", 1)[-1]))
        if value is None or value.shape != tuple(variable.shape):
            reason = "not in the file" if value is None else f"shape {value.shape}, needed {tuple(variable.shape)}"
            skipped.append(Skipped(name, reason))
            continue
        variable.assign(value)
        kept += 1
    if kept < LEAST_PART * len(variables):
        raise wrong_file(path, network, f"only {kept} of {len(variables)} tensors fit")
    return Restored(str(path), kept, tuple(skipped))


def read_weights(path: Path, network: Network) -> dict[str, Any]:
    """Arrays by variable name of a weights file with or without the classification layer."""
    if not path.is_file():
        sentence = f"The backbone file {path.name} is missing; put it back or choose another."
        raise EngineError("backbone_missing", sentence)
    problem = ""
    for include_top in (False, True):
        source = network.build(include_top)
        try:
            source.load_weights(str(path))
        except (ValueError, OSError, KeyError) as error:
            problem = problem or str(error).splitlines()[0][:200]
            continue
        return {variable.name.split(":")[0]: variable.numpy() for variable in source.weights}
    raise wrong_file(path, network, problem)


def wrong_file(path: Path, network: Network, problem: str) -> EngineError:
    width = f" of width {network.width:g}" if network.name.startswith("MobileNet") else ""
    return EngineError(
        "wrong_backbone",
        f"{path.name} is not a Keras {network.name} weights file{width} ({problem}); "
        "choose the file that belongs to this architecture and depth multiplier.",
    )
