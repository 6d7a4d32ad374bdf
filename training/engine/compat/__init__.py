"""Makes the Object Detection API (2.8, written for TensorFlow 2.8) run on TensorFlow 2.20 without editing a file of it.

`apply(mode)` must run before the first import of `object_detection`. One module a concern, each with its reason. The
mode is the way TensorFlow is used: "tf2" (eager) or "tf1" (graphs and sessions, for the architectures of 2017). A
process has one mode for its whole life, because TensorFlow 1's way cannot be left again.
"""

from __future__ import annotations

import os
from importlib import import_module

SHARED = (
    "protobuf_modules",
    "absent_packages",
    "numpy_aliases",
    "pillow_getsize",
    "category_stats",
    "estimator_names",
    "control_flow_names",
)
PATCHES: dict[str, tuple[str, ...]] = {
    "tf2": (*SHARED, "keras_resnet", "centernet_mobilenet", "multilevel_crop"),
    "tf1": (
        "graph_mode",
        *SHARED,
        "framework_names",
        "legacy_layers",
        "slim_packages",
        "contrib_bipartite",
        "contrib_averages",
        "contrib_hparams",
        "contrib_tpu",
        "graph_profile",
    ),
}

_applied: str | None = None


def apply(mode: str = "tf2") -> None:
    """Installs every patch of the mode once; the first call imports tensorflow.

    Raises `KeyError` for an unknown mode and `RuntimeError` when the process already has the other one.
    """
    global _applied
    if _applied == mode:
        return
    if _applied:
        raise RuntimeError(f"this process is in mode {_applied}; start another process for mode {mode}")
    names = PATCHES[mode]
    use_legacy_keras()
    for name in names:
        import_module(f"training.engine.compat.{name}").install()
    _applied = mode


def use_legacy_keras() -> None:
    """`tf.keras` must be Keras 2 (package tf_keras): the API subclasses its layers and reads its private attributes.

    TensorFlow reads the variable while it is imported, so it has to be set before that.
    """
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
