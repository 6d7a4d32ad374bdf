"""Reading records back: for evaluation, and to know that they are whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from training.engine.errors import EngineError
from training.engine.images import UNREADABLE, Pixels, decode
from training.engine.records import index
from training.engine.rundir import RunDirectory


@dataclass(frozen=True)
class RecordImage:
    """One decoded image of a record: its id in dataset.json and its pixels, uint8 RGB [height, width, 3]."""

    id: int
    pixels: Pixels


def read_images(records: Sequence[Path]) -> Iterator[RecordImage]:
    """The images of a split's shards in order, decoded as the site decodes them for detection.

    Raises `EngineError` that names the shard or the image that is damaged.
    """
    if not records:
        raise damaged("The run has no records of this split")
    for record in records:
        for serialized in examples(record):
            fields = tf.train.Example.FromString(serialized).features.feature
            image_id = int(fields["image/source_id"].bytes_list.value[0])
            try:
                pixels = decode(fields["image/encoded"].bytes_list.value[0])
            except UNREADABLE as error:
                name = fields["image/filename"].bytes_list.value[0].decode(errors="replace")
                raise damaged(f"The image {name} in {record.name} does not decode ({error})") from error
            yield RecordImage(image_id, pixels)


def examples(record: Path) -> Iterator[bytes]:
    try:
        yield from raw_examples(record)
    except tf.errors.OpError as error:
        raise damaged(f"{record.name} is damaged or missing") from error


def damaged(what: str) -> EngineError:
    return EngineError("records_damaged", f"{what}; start the run again, the records are then written anew.")


def complete(run: RunDirectory) -> bool:
    """Whether every record and the label map are there, whole, and made from the present dataset.json."""
    return problem(run) is None


def problem(run: RunDirectory) -> str | None:
    """What is wrong with the records, for a person; None when nothing is. Reads every byte (CRC), decodes nothing."""
    listed = index.read(run)
    if listed is None or not run.label_map.exists():
        return "they were never finished"
    if listed.dataset != index.dataset_digest(run):
        return "dataset.json has changed since"
    for shard in listed.shards:
        if found := damage(run.root / shard.file, shard):
            return f"{shard.file} is damaged ({found})"
    return None


def damage(path: Path, shard: index.Shard, ids: list[int] | None = None) -> str | None:
    """What is wrong with a shard: its size, the checksum of a record, the number of images or boxes, the ids."""
    if not path.exists():
        return "it is missing"
    if path.stat().st_size != shard.bytes:
        return f"{path.stat().st_size} bytes instead of {shard.bytes}"
    try:
        found, boxes = contents(path)
    except tf.errors.OpError as error:
        return type(error).__name__
    if (len(found), boxes) != (shard.images, shard.boxes):
        return f"{len(found)} images and {boxes} boxes instead of {shard.images} and {shard.boxes}"
    if ids is not None and found != ids:
        return "its images are not those of the dataset"
    return None


def contents(path: Path) -> tuple[list[int], int]:
    """The image ids of a shard in order and how many boxes it holds; TensorFlow checks every record's checksum."""
    ids: list[int] = []
    boxes = 0
    for serialized in raw_examples(path):
        fields = tf.train.Example.FromString(serialized).features.feature
        ids.append(int(fields["image/source_id"].bytes_list.value[0]))
        boxes += len(fields["image/object/bbox/xmin"].float_list.value)
    return ids, boxes


def raw_examples(path: Path) -> Iterator[bytes]:
    """The serialized examples; `tf.errors.OpError` at the first whose checksum is wrong."""
    # tf.data would need eager mode; this reader, deprecated in words only, serves both modes.
    yield from tf.compat.v1.io.tf_record_iterator(str(path))
