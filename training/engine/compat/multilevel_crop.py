"""Faster R-CNN on a feature pyramid builds no graph for a batch of any size.

`spatial_transform_ops.multilevel_native_crop_and_resize` reshapes its mask to the static shape of the crops, where the
number of images is unknown as soon as a graph is to take any. The mask is broadcast here instead; the result is the
same number for number.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from training.engine.compat.import_hooks import after_import

MODULE = "object_detection.utils.spatial_transform_ops"


def crop_with_a_broadcast_mask(module: ModuleType) -> None:
    import tensorflow as tf

    def multilevel_native_crop_and_resize(
        images: list[Any], boxes: Any, box_levels: Any, crop_size: Any, scope: str | None = None
    ) -> Any:
        """[batch, boxes, crop height, crop width, depth]: each box out of the image of its own level, `box_levels`."""
        if box_levels is None:
            return module.native_crop_and_resize(images[0], boxes, crop_size, scope)
        with tf.name_scope("MultiLevelNativeCropAndResize"):
            crops = []
            for level, image in enumerate(images):
                cropped = module.native_crop_and_resize(image, boxes, crop_size, scope)
                here = tf.equal(box_levels, level)[:, :, tf.newaxis, tf.newaxis, tf.newaxis]
                crops.append(tf.where(here, cropped, tf.zeros_like(cropped)))
            return tf.add_n(crops)

    module.multilevel_native_crop_and_resize = multilevel_native_crop_and_resize  # type: ignore[attr-defined]


def install() -> None:
    after_import(MODULE, crop_with_a_broadcast_mask)
