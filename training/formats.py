"""Which formats a detector can be exported in, known before it is trained, and why not the others."""

from __future__ import annotations

from dataclasses import dataclass

from training.engine.architectures.preset import CENTERNET, FASTER_RCNN, WHY_NOT, Preset
from training.engine.architectures.presets import PRESETS
from training.models import ExportFormat

UNKNOWN = "whether it can is found out when it is asked for, from the pipeline.config that was brought along"


@dataclass(frozen=True)
class Possible:
    """`reason` says why the format cannot be had; empty when it can."""

    value: str
    label: str
    reason: str

    @property
    def title(self) -> str:
        return f"{self.label} cannot be had: {self.reason}." if self.reason else self.label


def possible_formats(architecture: str) -> list[Possible]:
    """All six formats; of an architecture that is not known every one may be tried."""
    preset = PRESETS.get(architecture)
    return [Possible(kind.value, kind.label, why_not(preset, kind.value)) for kind in ExportFormat]


def why_not(preset: Preset | None, format: str) -> str:
    if preset is None or format in preset.exports:
        return ""
    if preset.family == FASTER_RCNN:
        return WHY_NOT["faster_rcnn"]
    if preset.path == "tf1":
        return WHY_NOT["tf1"]
    if preset.family == CENTERNET:
        return WHY_NOT["center_net"]
    return WHY_NOT["efficientdet"]
