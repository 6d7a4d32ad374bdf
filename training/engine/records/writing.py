"""Writing the records of a run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import tensorflow as tf

from training.engine.dataset import Dataset, ImageEntry
from training.engine.errors import EngineError
from training.engine.records import index
from training.engine.records.examples import example
from training.engine.records.label_map import label_map_text
from training.engine.records.reading import damage
from training.engine.rundir import SPLITS, RunDirectory, whole_file, write_text

SHARD_BYTES = 100 * 2**20  # about; images that are encoded anew are larger than their files
SHARD_IMAGES = 10_000
THREADS = 4  # decoding leaves Python's lock; the order of the images stays that of the dataset
AHEAD = 2 * THREADS


def write_all(run: RunDirectory, dataset: Dataset, check: Callable[[], None]) -> int:
    """Writes the label map and the records of every split; returns how many boxes without area were left out.

    `check` is called before each image and may raise to stop; no half-written file stays behind. Each shard is read
    back before it counts. Raises `EngineError` for an image that cannot be read and for a shard that reads back wrong.
    """
    label_map = label_map_text(dataset.classes)
    refuse_other_classes(run, label_map)
    remove(run)
    write_text(run.label_map, label_map)
    shards = []
    for split in SPLITS:
        parts = shares(dataset.split(split))
        for number, images in enumerate(parts):
            path = run.shard(split, number, len(parts))
            with whole_file(path) as part:
                write_shard(str(part), images, dataset.classes, check)
                boxes = sum(len(image.visible_boxes()) for image in images)
                shard = index.Shard(path.name, part.stat().st_size, len(images), boxes)
                if found := damage(part, shard, [image.id for image in images]):
                    raise written_wrong(path.name, found)
            shards.append(shard)
    index.write(run, index.Index(index.dataset_digest(run), tuple(shards)))
    return sum(len(image.boxes) - len(image.visible_boxes()) for image in dataset.images)


def refuse_other_classes(run: RunDirectory, label_map: str) -> None:
    """Records may be written anew under a run that has learnt something, but only for the classes it learnt."""
    learnt = any(run.checkpoints.glob("*.index"))
    if learnt and run.label_map.exists() and run.label_map.read_text(encoding="utf-8") != label_map:
        raise EngineError(
            "bad_classes",
            "The classes in dataset.json are not those this run has learnt; put the old dataset.json back, or start a "
            "new run with this one as its base.",
        )


def remove(run: RunDirectory) -> None:
    """Takes away what an earlier attempt left, the index first, so that old shards never mix with new ones."""
    run.records_index.unlink(missing_ok=True)
    for path in run.root.glob("*.record"):
        path.unlink()


def shares(images: list[ImageEntry]) -> list[list[ImageEntry]]:
    """The images of a split cut into shards of about `SHARD_BYTES`, in order; one empty share for an empty split."""
    parts: list[list[ImageEntry]] = [[]]
    filled = 0
    for image in images:
        size = image.path.stat().st_size if image.path.exists() else 0
        if parts[-1] and (filled + size > SHARD_BYTES or len(parts[-1]) >= SHARD_IMAGES):
            parts.append([])
            filled = 0
        parts[-1].append(image)
        filled += size
    return parts


def write_shard(path: str, images: list[ImageEntry], classes: dict[int, str], check: Callable[[], None]) -> None:
    with tf.io.TFRecordWriter(path) as writer:
        for serialized in examples(images, classes, check):
            writer.write(serialized)


def examples(images: list[ImageEntry], classes: dict[int, str], check: Callable[[], None]) -> Iterator[bytes]:
    """The serialized examples in order, made a few ahead by threads."""

    def serialize(image: ImageEntry) -> bytes:
        return bytes(example(image, classes).SerializeToString())

    with ThreadPoolExecutor(THREADS) as pool:
        waiting: deque[Future[bytes]] = deque()
        try:
            for image in images:
                check()
                waiting.append(pool.submit(serialize, image))
                if len(waiting) > AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def written_wrong(name: str, found: str) -> EngineError:
    return EngineError(
        "records_unreadable",
        f"{name} was written but reads back wrong ({found}). Check the disk it is on, then start the run again.",
    )
