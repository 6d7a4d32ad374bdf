"""`control_flow_ops.case`, `cond` and `while_loop`, which moved; tf_slim's record decoder looks for them there."""

from __future__ import annotations

NAMES = ("case", "cond", "while_loop", "Assert")


def install() -> None:
    import tensorflow as tf
    from tensorflow.python.ops import control_flow_ops

    for name in NAMES:
        if not hasattr(control_flow_ops, name):
            setattr(control_flow_ops, name, getattr(tf.compat.v1, name))
