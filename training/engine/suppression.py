"""Non-maximum suppression of a whole batch at once.

The API's own goes through the images of a batch in a loop of hundreds of tiny operations, in which an ONNX runtime
spends as much time as in the network of a small detector. Needs `compat.apply()` first.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

USUAL = {"use_class_agnostic_nms": False, "use_static_shapes": False, "use_combined_nms": False, "soft_nms_sigma": 0.0}


@contextmanager
def whole_batches(model: Any) -> Iterator[None]:
    """What is traced of an SSD meanwhile suppresses without a loop, if the model's settings are the usual ones."""
    own = getattr(model, "_non_max_suppression_fn", None)
    batched = vectorised(own)
    if batched is None:
        yield
        return
    model._non_max_suppression_fn = batched
    try:
        yield
    finally:
        model._non_max_suppression_fn = own


def vectorised(own: Any) -> Callable[..., Any] | None:
    """The same suppression as the API's function with its settings bound, without a loop; None for unusual settings."""
    if not isinstance(own, functools.partial):
        return None
    settings = own.keywords
    if any(settings.get(name, usual) != usual for name, usual in USUAL.items()):
        return None

    def suppress(boxes: Any, scores: Any, clip_window: Any, **_: Any) -> Any:
        if boxes.shape[2] != 1:  # a box of its own for each class
            return own(boxes, scores, clip_window=clip_window)
        return suppress_batch(boxes, scores, clip_window, settings)

    return suppress


def suppress_batch(boxes: tf.Tensor, scores: tf.Tensor, clip_window: tf.Tensor, settings: dict[str, Any]) -> Any:
    """What `post_processing.batch_multiclass_non_max_suppression` returns, without its additional fields.

    `boxes` is [batch, anchors, 1, 4], `scores` [batch, anchors, classes], `clip_window` [4] or [batch, 4]. Boxes that
    have no area inside the window make room for others, hence the suppression for more boxes than are returned.
    """
    most = settings["max_size_per_class"] * scores.shape[2]
    found, ranks, classes, count = tf.image.combined_non_max_suppression(
        boxes, scores, settings["max_size_per_class"], most, settings["iou_thresh"], settings["score_thresh"],
        clip_boxes=False,
    )  # fmt: skip
    window = tf.reshape(clip_window, [-1, 1, 4])
    low, high = window[..., :2], window[..., 2:]
    corners = [tf.clip_by_value(corner, low, high) for corner in (found[..., :2], found[..., 2:])]
    inside = tf.reduce_all(corners[1] > corners[0], axis=-1) & tf.sequence_mask(count, most)
    ranks, order = tf.math.top_k(tf.where(inside, ranks, -1.0), min(settings["max_total_size"], most))
    if settings.get("change_coordinate_frame", False):
        corners = [(corner - low) / (high - low) for corner in corners]
    valid = ranks >= 0.0
    chosen = tf.gather(tf.concat(corners, -1), order, batch_dims=1)
    classes = tf.gather(classes, order, batch_dims=1)
    blank = [tf.where(valid[..., None], chosen, 0.0), tf.where(valid, ranks, 0.0), tf.where(valid, classes, 0.0)]
    return *blank, None, None, tf.reduce_sum(tf.cast(valid, tf.int32), axis=1)
