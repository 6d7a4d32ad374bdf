"""Images for TensorBoard: what the model finds on a few validation photographs, and what it is trained with.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.engine.dataset import ImageEntry
from training.engine.images import Pixels

PICTURES = 4
LONGEST_SIDE = 480  # of a picture; a run of twenty evaluations then writes a few megabytes
LEAST_SCORE, MOST_FOUND = 0.3, 20
TRUE, FOUND = (0, 170, 60), (220, 40, 30)
Picture = NDArray[np.uint8]


class Detections(Protocol):
    """Boxes (ymin, xmin, ymax, xmax) in pixels [n, 4] and their scores [n], best first."""

    @property
    def boxes(self) -> Any: ...

    @property
    def scores(self) -> Any: ...


def with_boxes(images: Iterable[ImageEntry]) -> set[int]:
    """Ids of the first few images that have boxes: the same at every evaluation."""
    return {image.id for image in [image for image in images if image.visible_boxes()][:PICTURES]}


def draw(pixels: Pixels, truth: ImageEntry, found: Detections) -> Picture:
    """The photograph with its true boxes in green and the found ones, with their scores in per cent, in red."""
    picture = Image.fromarray(pixels)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    scale, pen = picture.width / pixels.shape[1], ImageDraw.Draw(picture)
    for box in truth.visible_boxes():
        pen.rectangle([edge * scale for edge in (box.xmin, box.ymin, box.xmax, box.ymax)], outline=TRUE, width=2)
    for (ymin, xmin, ymax, xmax), score in list(zip(found.boxes, found.scores, strict=True))[:MOST_FOUND]:
        if score >= LEAST_SCORE:
            pen.rectangle([edge * scale for edge in (xmin, ymin, xmax, ymax)], outline=FOUND, width=2)
            pen.text((xmin * scale + 3, ymin * scale + 1), f"{score:.0%}", fill=FOUND)
    return np.asarray(picture)


def show(name: str, pictures: list[Picture]) -> None:
    """Writes pictures of any sizes to the present summary writer."""
    for index, picture in enumerate(pictures):
        tf.summary.image(f"{name}/{index}", picture[None])


def training_pictures(features: Any, labels: Any) -> tf.Tensor:
    """The first images of a training batch as the model sees them, with their boxes: float [n, height, width, 3], 0..1.

    Every family scales pixels in its own way, so each image is stretched from its darkest to its brightest value.
    """
    images = tf.cast(features["image"][:PICTURES], tf.float32)
    low = tf.reduce_min(images, axis=[1, 2, 3], keepdims=True)
    high = tf.reduce_max(images, axis=[1, 2, 3], keepdims=True)
    bright = tf.math.divide_no_nan(images - low, high - low)
    boxes = tf.cast(labels["groundtruth_boxes"][:PICTURES], tf.float32)
    return tf.image.draw_bounding_boxes(bright, boxes, [[0.0, 0.66, 0.24]])
