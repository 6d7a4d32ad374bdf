"""The image resizer of a model's config, for a whole batch of images of one size.

The API's own `model.preprocess` resizes image by image in a loop that neither ONNX nor TFLite can express. Images of a
batch have one size here, so one resize serves all of them; pixel for pixel the result is the same.
Needs `compat.apply()` first.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

BILINEAR = tf.compat.v1.image.ResizeMethod.BILINEAR


@dataclass(frozen=True)
class Resizer:
    """`fixed`: to `height` x `width` whatever the shape of the image. `range`: the aspect ratio is kept.

    With `range` the longer side becomes at most max(height, width) and the shorter at most min(height, width); with
    `pad` the rest up to a square of `height` is filled with the three values `fill`.
    """

    kind: str
    height: int
    width: int
    pad: bool = False
    fill: tuple[float, ...] = (0.0, 0.0, 0.0)
    method: Any = BILINEAR

    @property
    def fixed_size(self) -> tuple[int, int] | None:
        """Height and width of what the model sees; None when they depend on the image."""
        if self.kind == "fixed":
            return self.height, self.width
        return (self.height, self.height) if self.pad else None

    def resize(self, images: tf.Tensor) -> tf.Tensor:
        """Float images at the model's size, without padding, of uint8 images [batch, height, width, 3]."""
        size: Any = [self.height, self.width]
        if self.kind == "range":
            shape = tf.shape(images)
            longest, shortest = self.height, self.width
            size = tf.where(shape[1] < shape[2], [shortest, longest], [longest, shortest])
            scale = tf.reduce_min(tf.cast(size, tf.float32) / tf.cast(shape[1:3], tf.float32))
            size = tf.cast(tf.round(scale * tf.cast(shape[1:3], tf.float32)), tf.int32)
        if self.method == BILINEAR:
            return bilinear(images, size)
        return tf.compat.v1.image.resize_images(tf.cast(images, tf.float32), size, method=self.method)

    def fill_up(self, images: tf.Tensor) -> tf.Tensor:
        """The resized images with their right and lower margins filled."""
        if not self.pad:
            return images
        shape = tf.shape(images)
        # Shifted, so that one padding with zeros serves three different values.
        fill = tf.constant(self.fill, tf.float32)
        shifted = images - fill if any(self.fill) else images
        margins = [[0, 0], [0, self.height - shape[1]], [0, self.height - shape[2]], [0, 0]]
        padded = tf.ensure_shape(tf.pad(shifted, margins), [None, self.height, self.height, 3])
        return padded + fill if any(self.fill) else padded

    def window(self, height: int, width: int) -> tuple[float, float]:
        """The part of the padded square's height and width that an image of this size takes."""
        if not self.pad:
            return 1.0, 1.0
        high, wide = self.resized(height, width)
        return high / self.height, wide / self.height

    def resized(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of an image of this size after resizing, computed as TensorFlow does."""
        if self.kind == "fixed":
            return self.height, self.width
        target = (self.width, self.height) if height < width else (self.height, self.width)
        factor = min(np.float32(side) / np.float32(given) for side, given in zip(target, (height, width), strict=True))
        return int(np.rint(factor * np.float32(height))), int(np.rint(factor * np.float32(width)))


def bilinear(images: tf.Tensor, size: Any) -> tf.Tensor:
    """`tf.compat.v1.image.resize_images` of uint8 images to `size` (height, width).

    The pixels that are needed are fetched as bytes, and blended in the order in which the operation by itself does it:
    that one takes whole photographs of floats, which an ONNX runtime turns from rows of pixels to planes of colours
    before, at the price of half a small network.
    """
    shape = tf.shape(images)
    top, bottom, down = neighbours(shape[1], size[0])
    left, right, along = neighbours(shape[2], size[1])
    rows = tf.gather(images, tf.concat([top, bottom], 0), axis=1)

    def column(indices: tf.Tensor) -> tf.Tensor:
        """Floats of one column for each of `indices`; their colours are one axis with them, which runtimes like."""
        picked = tf.cast(tf.gather(rows, indices, axis=2), tf.float32)
        return tf.reshape(picked, [shape[0], 2 * size[0], size[1] * 3])

    first = column(left)
    blended = first + (column(right) - first) * tf.repeat(along, 3)
    above, below = blended[:, : size[0]], blended[:, size[0] :]
    return tf.reshape(above + (below - above) * down[:, None], [shape[0], size[0], size[1], 3])


def neighbours(side: tf.Tensor, new: Any) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """For each place of the new side: the two places of the old one it lies between, and how far from the first."""
    scale = tf.cast(side, tf.float32) / tf.cast(new, tf.float32)
    places = tf.cast(tf.range(new), tf.float32) * scale
    first = tf.floor(places)
    return tf.cast(first, tf.int32), tf.minimum(tf.cast(first, tf.int32) + 1, side - 1), places - first


def resizer_of(model: Any) -> Resizer | None:
    """The resizer a model of the API was built with; None for the kinds that no published config uses."""
    function = getattr(model, "_image_resizer_fn", None)
    if not isinstance(function, functools.partial):
        return None
    settings = function.keywords
    if function.func.__name__ == "resize_image":
        return Resizer("fixed", settings["new_height"], settings["new_width"], method=settings["method"])
    if function.func.__name__ == "resize_to_range":
        fill = tuple(float(value) for value in settings["per_channel_pad_value"])
        longest, shortest = settings["max_dimension"], settings["min_dimension"]
        pad, method = settings["pad_to_max_dimension"], settings["method"]
        return Resizer("range", longest, shortest, pad, fill, method)
    return None
