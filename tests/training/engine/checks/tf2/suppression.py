"""Suppressing a whole batch at once."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.training.engine.checks.registry import check

SETTINGS = {
    "score_thresh": 1e-8,
    "iou_thresh": 0.6,
    "max_size_per_class": 20,
    "max_total_size": 30,
    "change_coordinate_frame": True,
}
CORNER = [[0.0, 0.0, 0.7, 1.0]]  # what a photograph takes of the padded square


@check
def a_batch_is_suppressed_as_the_api_does_it_image_by_image() -> None:
    import tensorflow as tf
    from object_detection.core import post_processing

    from training.engine.suppression import vectorised

    own = functools.partial(post_processing.batch_multiclass_non_max_suppression, **SETTINGS)
    batched: Any = vectorised(own)
    for windows, count in ((np.array(CORNER * 3, np.float32), 60), (np.array([0, 0, 1, 1], np.float32), 3)):
        boxes, scores, window = (tf.constant(value) for value in (*candidates(count), windows))
        expected = own(boxes, scores, clip_window=window)
        ours = batched(boxes, scores, clip_window=window)
        for mine, theirs in zip((*ours[:3], ours[5]), (*expected[:3], expected[5]), strict=True):
            assert np.allclose(padded(mine.numpy()), padded(theirs.numpy()), atol=1e-6)
        assert 0 < ours[5].numpy().max() <= SETTINGS["max_total_size"]


def candidates(count: int) -> tuple[Any, Any]:
    """Boxes [3, count, 1, 4] and scores [3, count, 2], some of them outside any window, some without area."""
    random = np.random.default_rng(4)
    corners = random.uniform(-0.4, 1.2, (3, count, 1, 2)).astype(np.float32)
    sizes = random.uniform(0, 0.5, (3, count, 1, 2)).astype(np.float32)
    sizes[:, ::9] = 0
    return np.concatenate([corners, corners + sizes], -1), random.uniform(0, 1, (3, count, 2)).astype(np.float32)


def padded(values: Any) -> Any:
    """With as many rows as asked for: fewer candidates than that make the API's own answer shorter."""
    missing = SETTINGS["max_total_size"] - values.shape[1] if values.ndim > 1 else 0
    return np.pad(values, [(0, 0), (0, missing), *[(0, 0)] * (values.ndim - 2)]) if values.ndim > 1 else values


@check
def unusual_suppression_stays_the_api_own() -> None:
    from object_detection.core import post_processing

    from training.engine.suppression import vectorised, whole_batches

    for unusual in ({"use_class_agnostic_nms": True}, {"soft_nms_sigma": 0.5}, {"use_static_shapes": True}):
        own = functools.partial(post_processing.batch_multiclass_non_max_suppression, **{**SETTINGS, **unusual})
        assert vectorised(own) is None
        model = SimpleNamespace(_non_max_suppression_fn=own)
        with whole_batches(model):
            assert model._non_max_suppression_fn is own
    usual = functools.partial(post_processing.batch_multiclass_non_max_suppression, **SETTINGS)
    model = SimpleNamespace(_non_max_suppression_fn=usual)
    with whole_batches(model):
        assert model._non_max_suppression_fn is not usual
    assert model._non_max_suppression_fn is usual
