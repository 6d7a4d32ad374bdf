"""One image and its boxes as tf.train.Example."""

from __future__ import annotations

import tensorflow as tf

from training.engine.dataset import ImageEntry
from training.engine.images import encode_for_record
from training.engine.records.decoder import decodes


def example(image: ImageEntry, classes: dict[int, str]) -> tf.train.Example:
    """One image as tf.train.Example, boxes relative to its size.

    `image/source_id` is the numeric image id (official.vision accepts nothing else), the file name keeps its own field.
    Raises `EngineError`, which names the file, when it cannot be read.
    """
    encoded, kind = encode_for_record(image.path, image.file_name, (image.width, image.height), decodes)
    boxes = image.visible_boxes()
    # An image without boxes keeps the type of each list: the decoder refuses an empty list of another type.
    features = {
        "image/height": whole([image.height]),
        "image/width": whole([image.width]),
        "image/filename": texts([image.file_name]),
        "image/source_id": texts([str(image.id)]),
        "image/key/sha256": texts([image.sha256]),
        "image/encoded": tf.train.Feature(bytes_list=tf.train.BytesList(value=[encoded])),
        "image/format": texts([kind]),
        "image/object/bbox/xmin": floats([box.xmin / image.width for box in boxes]),
        "image/object/bbox/xmax": floats([box.xmax / image.width for box in boxes]),
        "image/object/bbox/ymin": floats([box.ymin / image.height for box in boxes]),
        "image/object/bbox/ymax": floats([box.ymax / image.height for box in boxes]),
        "image/object/class/text": texts([classes[box.class_id] for box in boxes]),
        "image/object/class/label": whole([box.class_id for box in boxes]),
        "image/object/difficult": whole([int(box.difficult) for box in boxes]),
        "image/object/truncated": whole([int(box.truncated) for box in boxes]),
        "image/object/view": texts([box.pose for box in boxes]),
    }
    return tf.train.Example(features=tf.train.Features(feature=features))


def floats(values: list[float]) -> tf.train.Feature:
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


def whole(values: list[int]) -> tf.train.Feature:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def texts(values: list[str]) -> tf.train.Feature:
    # A file name can hold bytes that are no UTF-8; Python reads them as lone surrogates.
    encoded = [value.encode("utf-8", "replace") for value in values]
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=encoded))
