"""`tf.compat.v1.estimator`, removed in TensorFlow 2.16; `inputs.py` and `model_lib.py` import its mode names."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace


class ModeKeys:
    """The three modes with the values TensorFlow Estimator gave them."""

    TRAIN = "train"
    EVAL = "eval"
    PREDICT = "infer"


def install() -> None:
    import tensorflow as tf

    module = ModuleType("tensorflow.compat.v1.estimator")
    module.ModeKeys = ModeKeys  # type: ignore[attr-defined]
    module.export = SimpleNamespace()  # type: ignore[attr-defined]
    tf.compat.v1.estimator = module
