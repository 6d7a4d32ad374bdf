"""Which function fills the model message of a preset of TensorFlow 1's way. Needs `compat.apply()` first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from training.engine.architectures.detector import Wanted
from training.engine.architectures.preset import SSD, Preset
from training.engine.tf1.architectures import faster_rcnn, ssd


def filler(chosen: Preset) -> Callable[[Any, Wanted], None]:
    """The function that knows the preset's family."""
    return ssd.fill if chosen.family == SSD else faster_rcnn.fill
