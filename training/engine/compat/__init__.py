"""Makes the Object Detection API (2.8, written for TensorFlow 2.8) run on TensorFlow 2.20 without editing a file of it.

`apply()` must run before the first import of `object_detection`. One module a concern, each with its reason.
"""

from __future__ import annotations

import os
from importlib import import_module

PATCHES = (
    "protobuf_modules",
    "absent_packages",
    "numpy_aliases",
    "pillow_getsize",
    "category_stats",
    "estimator_names",
    "control_flow_names",
    "keras_resnet",
    "centernet_mobilenet",
)

_applied = False


def apply() -> None:
    """Installs every patch once; the first call imports tensorflow."""
    global _applied
    if _applied:
        return
    use_legacy_keras()
    for name in PATCHES:
        import_module(f"training.engine.compat.{name}").install()
    _applied = True


def use_legacy_keras() -> None:
    """`tf.keras` must be Keras 2 (package tf_keras): the API subclasses its layers and reads its private attributes.

    TensorFlow reads the variable while it is imported, so it has to be set before that.
    """
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
