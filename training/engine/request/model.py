"""Which detector a run is to build."""

from __future__ import annotations

from dataclasses import dataclass

from training.engine.request.checks import check_range, refuse

ARCHITECTURES = ("ssd_mobilenet_v2_fpn_keras",)
DEPTH_MULTIPLIERS = (0.1, 1.4)
INPUT_SIZES = (96, 1024)
INPUT_STRIDE = 32


@dataclass(frozen=True)
class ModelRequest:
    """The detector to build; `input_size` is the side in pixels of the square it sees."""

    architecture: str = "ssd_mobilenet_v2_fpn_keras"
    depth_multiplier: float = 0.35
    input_size: int = 320

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise refuse(f"Unknown architecture {self.architecture!r}; it must be one of {', '.join(ARCHITECTURES)}.")
        check_range("model.depth_multiplier", self.depth_multiplier, *DEPTH_MULTIPLIERS)
        check_range("model.input_size", self.input_size, *INPUT_SIZES, whole=True)
        if self.input_size % INPUT_STRIDE:
            raise refuse(f"model.input_size is {self.input_size}; it must be a multiple of {INPUT_STRIDE} pixels.")
