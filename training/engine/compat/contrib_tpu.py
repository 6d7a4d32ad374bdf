"""`tensorflow.contrib.tpu`, imported by the base class of the API's tests; used only where there is a TPU."""

from __future__ import annotations

from training.engine.compat.contrib import provide


def install() -> None:
    provide("tpu")
