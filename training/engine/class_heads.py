"""Which weights of a detector belong to its classes, and how they move from one list of classes to another.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
BOX_CODE_SIZE = 4


@dataclass(frozen=True)
class ClassAxis:
    """How the last axis of a kernel or bias is made up: [groups, background and classes, inner] flattened.

    Groups are the anchors of a place, `background` is 1 when the first slot is nobody's, `inner` the values a class
    has in each slot.
    """

    background: int = 0
    inner: int = 1

    def groups(self, length: int, classes: int) -> int:
        """How many groups an axis of this length has for so many classes; 0 when it cannot be cut that way."""
        slots = (self.background + classes) * self.inner
        return length // slots if length % slots == 0 else 0


def class_axes(model: Any) -> dict[int, ClassAxis]:
    """The class axis of every variable that has one, by `id(variable)`; the model's variables must exist.

    A separable convolution has a depthwise kernel too, which knows no classes.
    """
    found: dict[int, ClassAxis] = {}
    for layer, axis in class_layers(model):
        own = [one for one in layer.weights if "depthwise" not in one.name]
        found |= {id(variable): axis for variable in own}
    return found


def class_layers(model: Any) -> Iterator[tuple[Any, ClassAxis]]:
    """The last layers of the heads for classes, of SSD, Faster R-CNN and CenterNet."""
    if hasattr(model, "_prediction_head_dict"):
        for head in model._prediction_head_dict["object_center"]:
            yield head.layers[-1], ClassAxis()
    elif hasattr(model, "_mask_rcnn_box_predictor"):
        yield from second_stage_layers(model._mask_rcnn_box_predictor)
    else:
        heads = model._box_predictor._prediction_heads["class_predictions_with_background"]
        for head in heads if isinstance(heads, Sequence) else [heads]:
            yield last_with_weights(head._class_predictor_layers), ClassAxis(head._num_class_slots - model.num_classes)


def second_stage_layers(predictor: Any) -> Iterator[tuple[Any, ClassAxis]]:
    yield last_with_weights(predictor._class_prediction_head._class_predictor_layers), ClassAxis(background=1)
    boxes = predictor._box_prediction_head
    if not boxes._share_box_across_classes:
        yield last_with_weights(boxes._box_encoder_layers), ClassAxis(inner=BOX_CODE_SIZE)


def last_with_weights(layers: Any) -> Any:
    """The convolution or dense layer that makes the predictions; reshaping layers may follow it."""
    return next(layer for layer in reversed(list(layers)) if layer.weights)


def moved_by_name(
    fresh: Array, stored: Array, old: Sequence[str], new: Sequence[str], axis: ClassAxis | None = None
) -> Array | None:
    """`fresh` with the slots of the background and of known classes taken over; None if the rest does not fit.

    `old` and `new` are names in the order of their slots; they are compared without regard to case.
    """
    axis = axis or ClassAxis(background=1)
    groups = axis.groups(stored.shape[-1], len(old))
    if not groups or fresh.shape[:-1] != stored.shape[:-1] or groups != axis.groups(fresh.shape[-1], len(new)):
        return None
    target = fresh.reshape(*fresh.shape[:-1], groups, axis.background + len(new), axis.inner).copy()
    source = stored.reshape(*stored.shape[:-1], groups, axis.background + len(old), axis.inner)
    target[..., : axis.background, :] = source[..., : axis.background, :]
    places = {key(name): place for place, name in enumerate(old, start=axis.background)}
    for place, name in enumerate(new, start=axis.background):
        if key(name) in places:
            target[..., place, :] = source[..., places[key(name)], :]
    return target.reshape(fresh.shape)


def unknown(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """The names of `new` that `old` does not have."""
    known = {key(name) for name in old}
    return [name for name in new if key(name) not in known]


def key(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").split())
