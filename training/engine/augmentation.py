"""How training images are varied: named sets for everybody, the API's own steps with values for experts.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format
from object_detection.protos import preprocessor_pb2

from training.engine.dataset import Dataset
from training.engine.errors import EngineError
from training.engine.request import ModelRequest, TrainRequest

SMALL_BOX = 32.0  # pixels; smaller ones would vanish when an image is scaled down to a tenth
EFFICIENTDET = "efficientdet"


def fill_augmentation(config: Any, train: TrainRequest, model: ModelRequest, dataset: Dataset) -> None:
    """Fills `data_augmentation_options` of a TrainConfig message. Raises EngineError for an unknown step or value."""
    if train.augmentation_options is not None:
        for option in train.augmentation_options:
            config.data_augmentation_options.append(step_from_json(option))
        return
    if train.horizontal_flip and train.augmentation != "none":
        config.data_augmentation_options.add().random_horizontal_flip.SetInParent()
    if train.augmentation == "default":
        fill_crops(config.data_augmentation_options.add(), model, dataset)
        fill_colours(config)


def fill_crops(step: Any, model: ModelRequest, dataset: Dataset) -> None:
    """Random crops; for EfficientDet the scaling it was published with, narrower where boxes are small."""
    if not model.architecture.startswith(EFFICIENTDET):
        step.ssd_random_crop.SetInParent()
        return
    scaling = step.random_scale_crop_and_pad_to_square
    scaling.output_size = model.input_size
    small = small_box_side(dataset, model.input_size) < SMALL_BOX
    scaling.scale_min, scaling.scale_max = (0.5, 1.5) if small else (0.1, 2.0)


def fill_colours(config: Any) -> None:
    """What a few hundred photographs need besides: other light."""
    config.data_augmentation_options.add().random_adjust_brightness.max_delta = 0.2
    config.data_augmentation_options.add().random_adjust_contrast.SetInParent()
    config.data_augmentation_options.add().random_adjust_saturation.SetInParent()


def small_box_side(dataset: Dataset, input_size: int) -> float:
    """The tenth percentile of the training boxes' sides (root of the area) in pixels of the detector's input."""
    sides = sorted(
        input_size * ((box.xmax - box.xmin) * (box.ymax - box.ymin) / (image.width * image.height)) ** 0.5
        for image in dataset.split("train")
        for box in image.visible_boxes()
    )
    return sides[len(sides) // 10] if sides else float(input_size)


def step_from_json(option: dict[str, Any]) -> Any:
    """One step of the API's preprocessor from `{"random_crop_image": {"min_area": 0.75}}`."""
    message = preprocessor_pb2.PreprocessingStep()
    (name,) = option
    if name not in message.DESCRIPTOR.fields_by_name:
        known = ", ".join(field.name for field in message.DESCRIPTOR.fields)
        raise EngineError("bad_request", f"There is no augmentation {name!r}; the Object Detection API has {known}.")
    try:
        json_format.ParseDict(option, message)
    except json_format.ParseError as error:
        sentence = f"The values of the augmentation {name} cannot be used: {error}; correct them or leave them out."
        raise EngineError("bad_request", sentence) from error
    return message
