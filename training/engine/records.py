"""TFRecords and the label map, in the form the Object Detection API reads.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf
from google.protobuf import text_format
from object_detection.protos import string_int_label_map_pb2

from training.engine.dataset import Dataset, ImageEntry
from training.engine.images import Pixels, decode, encode_for_record
from training.engine.rundir import SPLITS, RunDirectory, whole_file, write_text


@dataclass(frozen=True)
class RecordImage:
    """One decoded image of a record: its id in dataset.json and its pixels, uint8 RGB [height, width, 3]."""

    id: int
    pixels: Pixels


def write_all(run: RunDirectory, dataset: Dataset, check: Callable[[], None]) -> int:
    """Writes the label map and one record a split; returns how many boxes without area were left out.

    `check` is called before each image and may raise to stop; no half-written file stays behind.
    """
    write_text(run.label_map, label_map_text(dataset.classes))
    left_out = 0
    for split in SPLITS:
        with whole_file(run.record(split)) as part, tf.io.TFRecordWriter(str(part)) as writer:
            for image in dataset.split(split):
                check()
                writer.write(example(image, dataset.classes).SerializeToString())
                left_out += len(image.boxes) - len(image.visible_boxes())
    return left_out


def complete(run: RunDirectory) -> bool:
    """Whether every record and the label map are there (each is renamed into place when whole)."""
    return all(path.exists() for path in (run.label_map, *(run.record(split) for split in SPLITS)))


def label_map_text(classes: dict[int, str]) -> str:
    """The label map as text; ids start at 1 because 0 is the background."""
    label_map = string_int_label_map_pb2.StringIntLabelMap()
    for class_id, name in sorted(classes.items()):
        label_map.item.add(id=class_id, name=name)
    return str(text_format.MessageToString(label_map, as_utf8=True))


def example(image: ImageEntry, classes: dict[int, str]) -> tf.train.Example:
    """One image as tf.train.Example, boxes relative to its size.

    `image/source_id` is the numeric image id (official.vision accepts nothing else), the file name keeps its own field.
    """
    encoded, kind = encode_for_record(image.path, image.file_name, (image.width, image.height))
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
    }
    return tf.train.Example(features=tf.train.Features(feature=features))


def floats(values: list[float]) -> tf.train.Feature:
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


def whole(values: list[int]) -> tf.train.Feature:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def texts(values: list[str]) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode() for value in values]))


def read_images(record: Path) -> Iterator[RecordImage]:
    """The images of a record in order, decoded as the site decodes them for detection."""
    for serialized in tf.data.TFRecordDataset(str(record)):
        fields = tf.train.Example.FromString(serialized.numpy()).features.feature
        image_id = int(fields["image/source_id"].bytes_list.value[0])
        yield RecordImage(image_id, decode(fields["image/encoded"].bytes_list.value[0]))
