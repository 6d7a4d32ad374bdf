"""The detector of a run as the Object Detection API's model message. Needs `compat.apply()` first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from training.engine.architectures import (
    centernet,
    efficientdet,
    faster_rcnn,
    ssd_mobilenet,
    ssd_mobilenet_fpn,
    ssd_resnet_fpn,
)
from training.engine.architectures.detector import Wanted
from training.engine.architectures.preset import CENTERNET, FASTER_RCNN, Preset
from training.engine.architectures.presets import preset
from training.engine.request.model import ModelRequest

Fill = Callable[[Any, Wanted], None]


def fill_model(
    model: Any,
    request: ModelRequest,
    class_count: int,
    steps: int,
    most_boxes: int = 0,
    frozen_batch_norm: bool = False,
) -> None:
    """Fills an empty DetectionModel message with the preset that the request names.

    `steps` is the length of the run, `most_boxes` the largest number of boxes on one image.
    """
    chosen = preset(request.architecture)
    wanted = Wanted(
        chosen, request.input_size, request.depth_multiplier, class_count, steps, most_boxes, frozen_batch_norm
    )
    filler(chosen)(model, wanted)


def filler(chosen: Preset) -> Fill:
    """The function that knows the preset's family; the detectors of 2017 have their own."""
    if chosen.path == "tf1":
        from training.engine.tf1.architectures.model import filler as filler_of_2017

        return filler_of_2017(chosen)
    if chosen.family == FASTER_RCNN:
        return faster_rcnn.fill
    if chosen.family == CENTERNET:
        return centernet.fill
    if "efficientnet" in chosen.feature_extractor:
        return efficientdet.fill
    if "resnet" in chosen.feature_extractor:
        return ssd_resnet_fpn.fill
    return ssd_mobilenet_fpn.fill if "_fpn_" in chosen.feature_extractor else ssd_mobilenet.fill
