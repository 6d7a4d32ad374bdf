"""One function a format: items in, files out. Files of labels about many images are one a split."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from django.core.files.storage import default_storage

from datasets.exporting.items import ExportItem, Items
from datasets.exporting.sinks import Sink
from datasets.formats import coco, createml, csv_tf, tfrecord
from datasets.formats.label_map import write_label_map
from datasets.formats.pets_list import write_pets_line
from datasets.formats.ultralytics import write_data_yaml
from datasets.formats.voc import write_voc
from datasets.formats.yolo import write_yolo
from sw_site.lib.files.where import bring_near, local_root

SHARD_IMAGES = 1000
HEX_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Job:
    """What a writer works with. `images`: put pictures beside the labels; `tick` is called once an image."""

    items: Items
    sink: Sink
    images: bool
    originals: bool
    one_based: bool
    tick: Callable[[], None]

    @property
    def numbers(self) -> dict[str, int]:
        """Label map ids by class name."""
        return {name: number for number, name in self.items.classes.items()}

    @property
    def places(self) -> dict[str, int]:
        """Places in a list of classes, from 0, by name."""
        return {name: place for place, name in enumerate(self.items.classes.values())}

    def each(self, split: str | None, folder: str) -> Iterator[ExportItem]:
        """Items of a split, each with its picture put into the folder if wanted."""
        for item in self.near(self.items.of_split(split)):
            self.tick()
            if self.images:
                name = f"{folder}/{item.record.file_name}" if folder else item.record.file_name
                self.sink.copy(name, self.picture(self.stored(item)))
            yield item

    def stored(self, item: ExportItem) -> str:
        return item.original if self.originals else item.file

    def near(self, items: Iterable[ExportItem]) -> Iterator[ExportItem]:
        """The items, with the pictures of some at a time fetched from a bucket."""
        if not self.images or self._root is not None:
            yield from items
            return
        coming = iter(items)
        while some := list(itertools.islice(coming, 64)):
            bring_near(map(self.stored, some))
            yield from some

    def picture(self, name: str) -> str:
        """Where a picture lies on the disk. The storage is asked once: its checks of a name cost more than the rest."""
        return default_storage.path(name) if self._root is None else os.path.join(self._root, name)

    @cached_property
    def _root(self) -> str | None:
        return local_root()

    def add_label_map(self, name: str = "label_map.pbtxt") -> None:
        if self.items.classes:
            self.sink.add(name, write_label_map(self.items.classes).encode())


def voc_bytes(job: Job, item: ExportItem) -> bytes:
    """The file as it came where nothing was changed, else as labelImg would write it."""
    return item.voc if item.voc is not None and not job.one_based else write_voc(item.record, job.one_based)


def write_voc_set(job: Job) -> None:
    lists: dict[str, list[str]] = {}
    for item in job.each(None, "JPEGImages"):
        stem = item.record.file_name.rpartition(".")[0]
        job.sink.add(f"Annotations/{stem}.xml", voc_bytes(job, item))
        lists.setdefault(item.record.split, []).append(stem)
    for split in ("train", "val", "test"):
        if lists.get(split):
            job.sink.add(f"ImageSets/Main/{split}.txt", "".join(f"{stem}\n" for stem in lists[split]).encode())
    job.add_label_map()


def write_pets_set(job: Job) -> None:
    lists: dict[str, list[str]] = {"trainval": [], "test": []}
    numbers = job.numbers
    for item in job.each(None, "images"):
        stem = item.record.file_name.rpartition(".")[0]
        job.sink.add(f"annotations/xmls/{stem}.xml", voc_bytes(job, item))
        if item.record.boxes:
            lists["test" if item.record.split == "test" else "trainval"].append(write_pets_line(item.record, numbers))
    for name, lines in lists.items():
        if lines:
            job.sink.add(f"annotations/{name}.txt", "".join(lines).encode())
    job.add_label_map()


def write_yolo_set(job: Job) -> None:
    places = job.places
    for item in job.each(None, ""):
        job.sink.add(f"{item.record.file_name.rpartition('.')[0]}.txt", write_yolo(item.record, places))
    job.sink.add("classes.txt", "".join(f"{name}\n" for name in places).encode())


def write_ultralytics_set(job: Job) -> None:
    places, folders = job.places, {}
    for split in job.items.split_names:
        folder = split or "train"
        folders[folder] = f"images/{folder}"
        for item in job.each(split, f"images/{folder}"):
            stem = item.record.file_name.rpartition(".")[0]
            job.sink.add(f"labels/{folder}/{stem}.txt", write_yolo(item.record, places, digits=9))
    folders.setdefault("train", "images/train")
    folders.setdefault("val", folders["train"])  # the trainer refuses a file without it
    job.sink.add("data.yaml", write_data_yaml(places, folders))


def write_coco_set(job: Job) -> None:
    for split in job.items.split_names:
        name = f"annotations/instances_{split}.json" if split else "annotations/instances.json"
        job.sink.stream(name, _coco(job, split))


def _coco(job: Job, split: str) -> Iterator[bytes]:
    """The file piece by piece; boxes wait on the disk until the list of images is closed."""
    numbers, box_number = job.numbers, itertools.count(1)
    with tempfile.TemporaryFile() as waiting:
        yield b'{"categories":' + coco.category_rows(job.items.classes) + b',\n"images":['
        for place, item in enumerate(job.each(split, f"images/{split}".rstrip("/"))):
            yield (b",\n" if place else b"\n") + coco.image_row(item.record, item.id)
            waiting.writelines(
                b"%b%b" % (b",\n" if n > 1 else b"\n", coco.box_row(box, n, item.id, numbers[box.name]))
                for box, n in zip(item.record.boxes, box_number, strict=False)
            )
        yield b'\n],\n"annotations":['
        waiting.seek(0)
        while piece := waiting.read(1024 * 1024):
            yield piece
        yield b"\n]}\n"


def write_createml_set(job: Job) -> None:
    for split in job.items.split_names:
        folder = f"{split}/" if split else ""
        records = (item.record for item in job.each(split, folder.rstrip("/")))
        job.sink.stream(f"{folder}_annotations.createml.json", createml.write_createml(records))


def write_csv_set(job: Job) -> None:
    for split in job.items.split_names:
        lines = (csv_tf.write_csv(item.record) for item in job.each(split, f"images/{split}".rstrip("/")))
        name = f"{split}_labels.csv" if split else "labels.csv"
        job.sink.stream(name, itertools.chain([csv_tf.csv_header()], lines))
    job.add_label_map()


def write_tfrecord_set(job: Job) -> None:
    """Shards of a thousand images; pictures always lie in them."""
    for split in job.items.split_names:
        count = sum(own == split for own in job.items.splits.values())
        shards = -(-count // SHARD_IMAGES)
        items = iter(job.items.of_split(split))
        for shard in range(shards):
            name = tfrecord.shard_name(f"{split or 'data'}.record", shard, shards)
            job.sink.stream(name, _examples(job, itertools.islice(items, SHARD_IMAGES)))
    job.add_label_map()


def _examples(job: Job, items: Iterable[ExportItem]) -> Iterator[bytes]:
    numbers = job.numbers
    for item in items:
        job.tick()
        with open(job.picture(item.file), "rb", buffering=0) as file:
            data = file.readall()
        kind = "png" if item.file.endswith(".png") else "jpeg"
        yield from tfrecord.frame_pieces(*tfrecord.example_pieces(item.record, numbers, data, kind, digest(item, data)))


def digest(item: ExportItem, data: bytes) -> str:
    """SHA-256 of a picture, which its storage name tells unless it was converted."""
    stem = Path(item.file).stem
    return stem if HEX_DIGEST.fullmatch(stem) else hashlib.sha256(data).hexdigest()


WRITERS: dict[str, Callable[[Job], None]] = {
    "voc": write_voc_set,
    "pets": write_pets_set,
    "coco": write_coco_set,
    "createml": write_createml_set,
    "ultralytics": write_ultralytics_set,
    "yolo": write_yolo_set,
    "csv": write_csv_set,
    "tfrecord": write_tfrecord_set,
}

#: Fields that a format has no place for; an export counts what it leaves out.
LACKS = {
    "voc": set[str](),
    "pets": set[str](),
    "coco": set[str](),
    "createml": {"split"},
    "ultralytics": {"difficult", "truncated", "occluded", "pose", "score", "crowd", "verified", "tags"},
    "yolo": {"difficult", "truncated", "occluded", "pose", "score", "crowd", "verified", "tags", "split"},
    "csv": {"difficult", "truncated", "occluded", "pose", "score", "crowd", "verified", "tags", "negative"},
    "tfrecord": {"tags"},
}
