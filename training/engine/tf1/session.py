"""Settings every session has. Needs `compat.apply("tf1")` first."""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf


def open_session(graph: Any) -> Any:
    """A session that takes GPU memory as it needs it and puts on the CPU what a GPU cannot do."""
    config = tf.ConfigProto(allow_soft_placement=True)
    config.gpu_options.allow_growth = True
    return tf.Session(graph=graph, config=config)
