"""Names that left TensorFlow's inner modules and that tf_slim still looks up there.

Clipping and multiplying gradients (`ops.Tensor`, `ops.IndexedSlices`), `smart_cond` (`ops.Tensor`), creating variables
(`variable_scope.variable`) and its record decoder (`array_ops.stack`) each end in an AttributeError otherwise.
"""

from __future__ import annotations


def install() -> None:
    import tensorflow as tf
    from tensorflow.python.framework import ops
    from tensorflow.python.ops import array_ops, variable_scope

    moved = (
        (ops, "Tensor", tf.Tensor),
        (ops, "IndexedSlices", tf.IndexedSlices),
        (ops, "SparseTensor", tf.SparseTensor),
        (array_ops, "stack", tf.stack),
        (array_ops, "unstack", tf.unstack),
        (variable_scope, "variable", tf.compat.v1.Variable),
    )
    for module, name, value in moved:
        if not hasattr(module, name):
            setattr(module, name, value)
