"""Which detector a run is to build."""

from __future__ import annotations

from dataclasses import dataclass

from training.engine.architectures.presets import CUSTOM, DEFAULT, PRESETS, preset
from training.engine.request.checks import check_range, refuse

ARCHITECTURES = (*PRESETS, CUSTOM)


@dataclass(frozen=True)
class ModelRequest:
    """The detector to build; `input_size` is the side in pixels of the square it sees.

    0 stands for the architecture's own width and size. For `custom` the detector is the one of RUN_DIR's
    imported.config: the width is its own, and an `input_size` of 0 keeps the size it has.
    """

    architecture: str = DEFAULT
    depth_multiplier: float = 0.0
    input_size: int = 0

    def __post_init__(self) -> None:
        if self.architecture == CUSTOM:
            self._check_custom()
            return
        chosen = preset(self.architecture)
        if not self.depth_multiplier:
            object.__setattr__(self, "depth_multiplier", chosen.default_depth_multiplier)
        if not self.input_size:
            object.__setattr__(self, "input_size", chosen.default_input_size)
        least, most = chosen.depth_multipliers or (1.0, 1.0)
        check_range("model.depth_multiplier", self.depth_multiplier, least, most)
        least, most = chosen.input_sizes
        check_range("model.input_size", self.input_size, least, most, whole=True)
        if self.input_size % chosen.input_stride:
            raise refuse(
                f"model.input_size is {self.input_size}; it must be a multiple of {chosen.input_stride} pixels."
            )

    @property
    def path(self) -> str | None:
        """The way TensorFlow is used, "tf2" or "tf1"; None for `custom`, whose config decides."""
        return None if self.architecture == CUSTOM else preset(self.architecture).path

    @property
    def is_custom(self) -> bool:
        """Whether the detector is that of a config which the run brought along."""
        return self.architecture == CUSTOM

    def _check_custom(self) -> None:
        if self.depth_multiplier:
            raise refuse("model.depth_multiplier does not apply to custom; its imported.config sets the width.")
        if self.input_size:
            check_range("model.input_size", self.input_size, 64, 4096, whole=True)
