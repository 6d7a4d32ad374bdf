"""CenterNet's small ResNets do `from keras.applications import resnet` and get Keras 3, which lacks what they call."""

from __future__ import annotations

from types import ModuleType

from training.engine.compat.import_hooks import after_import

MODULE = "object_detection.models.keras_models.resnet_v1"


def use_legacy_resnet(module: ModuleType) -> None:
    from tf_keras.src.applications import resnet

    module.resnet = resnet  # type: ignore[attr-defined]


def install() -> None:
    after_import(MODULE, use_legacy_resnet)
