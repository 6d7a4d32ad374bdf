"""Settings of the process that trains."""

from __future__ import annotations

import tensorflow as tf


def prepare() -> None:
    """Takes GPU memory as it is needed, so that a display or a second process is not starved."""
    for device in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(device, True)
