"""The trained model that is exported, as every format needs it. Needs `compat.apply()` first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from training.engine.dataset import Dataset
from training.engine.images import Pixels
from training.engine.model import Outputs
from training.engine.request import RunRequest
from training.engine.rundir import RunDirectory

Detect = Callable[[Pixels], Outputs]
Window = Callable[[int, int], tuple[float, float]]


def whole_window(height: int, width: int) -> tuple[float, float]:
    return 1.0, 1.0


@dataclass
class Subject:
    """One checkpoint of a run and how to get at its graph and its answers.

    `detect` is the checkpoint itself: uint8 RGB images [1, height, width, 3] to outputs named as in
    `training.engine.model`. `freeze(lower_control_flow, batch, loops)` gives its GraphDef from `image_tensor` to those
    outputs; a batch of None is open, and without `loops` it does without them where it can. `window(height, width)` is
    the part of the model's input that an image of this size takes; `input_size` is the longest side of that input in
    pixels, 0 when only the request knows. `settings` are what TFLite needs to know of the pipeline; None where TFLite
    cannot work.
    """

    run: RunDirectory
    request: RunRequest
    dataset: Dataset
    checkpoint: str
    family: str
    detect: Detect
    freeze: Callable[[bool, int | None, bool], Any]
    window: Window = whole_window
    settings: Any = None
    input_size: int = 0
    _graphs: dict[tuple[bool, int | None, bool], Any] = field(default_factory=dict, repr=False)

    def graph(self, lower_control_flow: bool = False, batch: int | None = None, loops: bool = True) -> Any:
        """The GraphDef, made once for all formats that share it."""
        key = (lower_control_flow, batch, loops)
        if key not in self._graphs:
            self._graphs[key] = self.freeze(*key)
        return self._graphs[key]
