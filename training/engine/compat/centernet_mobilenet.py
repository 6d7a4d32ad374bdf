"""CenterNet on MobileNet V2 asks for ImageNet weights each time it is built, and so for the internet."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

from training.engine.compat.import_hooks import after_import

MODULES = (
    "object_detection.models.center_net_mobilenet_v2_feature_extractor",
    "object_detection.models.center_net_mobilenet_v2_fpn_feature_extractor",
)


def build_without_weights(module: ModuleType) -> None:
    build = module.mobilenetv2.mobilenet_v2

    def mobilenet_v2(*args: Any, **kwargs: Any) -> Any:
        return build(*args, **{**kwargs, "weights": None})

    module.mobilenetv2 = SimpleNamespace(mobilenet_v2=mobilenet_v2)  # type: ignore[attr-defined]


def install() -> None:
    for name in MODULES:
        after_import(name, build_without_weights)
