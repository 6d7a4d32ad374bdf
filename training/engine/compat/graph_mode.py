"""TensorFlow 1's way: graphs, sessions, variables by name. The slim networks of 2017 know no other.

Without it tensors are eager, placeholders are refused and no variable lands in a collection a `Saver` looks into.
"""

from __future__ import annotations


def install() -> None:
    import tensorflow as tf

    tf.compat.v1.disable_v2_behavior()
