"""Records: shards, what is in an example, and that damage is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.training.engine.builders import make_run
from tests.training.engine.checks.registry import check, dataset_json, new_folder, refusal
from training.engine.dataset import Dataset
from training.engine.rundir import RunDirectory


def nothing() -> None:
    """A `check` that never stops."""


def written() -> tuple[RunDirectory, Dataset]:
    from training.engine import records

    run = RunDirectory(make_run(new_folder() / "run [1]"))
    dataset = Dataset.load(run.dataset)
    records.write_all(run, dataset, nothing)
    return run, dataset


@check
def small_sets_have_one_shard_a_split() -> None:
    from training.engine import records

    run, _ = written()
    names = [path.name for split in ("train", "val", "test") for path in run.records(split)]
    assert names == [f"{split}-00000-of-00001.record" for split in ("train", "val", "test")]
    assert records.problem(run) is None
    assert [image.id for image in records.read_images(run.records("val"))] == [14, 15]


@check
def large_sets_are_cut_into_shards_in_order() -> None:
    from training.engine import pipeline_config, records
    from training.engine.records import writing
    from training.engine.request import RunRequest

    run = RunDirectory(make_run(new_folder() / "shards"))
    dataset = Dataset.load(run.dataset)
    images, size = writing.SHARD_IMAGES, writing.SHARD_BYTES
    try:
        writing.SHARD_IMAGES = 3
        records.write_all(run, dataset, nothing)
        assert [path.name for path in run.records("train")] == [f"train-0000{n}-of-00002.record" for n in (0, 1)]
        assert [image.id for image in records.read_images(run.records("train"))] == [10, 11, 12, 13]
        train = pipeline_config.build(run, RunRequest(), dataset).train_input_reader
        assert list(train.tf_record_input_reader.input_path) == [str(path) for path in run.records("train")]
        writing.SHARD_IMAGES, writing.SHARD_BYTES = images, 1
        records.write_all(run, dataset, nothing)
        assert len(run.records("train")) == 4, "shards of another cut were left"
    finally:
        writing.SHARD_IMAGES, writing.SHARD_BYTES = images, size


@check
def the_readers_find_shards_in_a_folder_with_brackets() -> None:
    import tensorflow as tf

    from training.engine import pipeline_config
    from training.engine.request import RunRequest

    run, dataset = written()
    reader = pipeline_config.build(run, RunRequest(), dataset).train_input_reader.tf_record_input_reader
    assert tf.io.gfile.glob(list(reader.input_path)) == [str(path) for path in run.records("train")]


@check
def an_example_keeps_what_the_dataset_says() -> None:
    import tensorflow as tf

    from training.engine import records

    content = dataset_json()
    content["images"][0]["boxes"][0].update(difficult=True, truncated=True, pose="Left")
    content["images"][0]["sha256"] = "abc"
    image = Dataset.from_json(content).images[0]
    example = tf.train.Example.FromString(records.example(image, {1: "Ball", 2: "Box"}).SerializeToString())
    fields = example.features.feature
    texts = ("image/source_id", "image/filename", "image/key/sha256", "image/format", "image/object/view")
    assert [fields[name].bytes_list.value[0] for name in texts] == [b"10", b"photo 0.jpg", b"abc", b"jpeg", b"Left"]
    assert [fields[f"image/object/{name}"].int64_list.value[0] for name in ("difficult", "truncated")] == [1, 1]
    assert fields["image/encoded"].bytes_list.value[0] == Path(content["images"][0]["path"]).read_bytes()


@check
def damaged_missing_and_outdated_records_are_found() -> None:
    from training.engine import records

    run, dataset = written()
    path = run.records("train")[0]
    whole = path.read_bytes()
    for spoil, word in ((flipped(whole), "damaged"), (whole[:-9], "bytes instead of"), (None, "missing")):
        if spoil is None:
            path.unlink()
        else:
            path.write_bytes(spoil)
        assert word in str(records.problem(run)), records.problem(run)
        assert refusal(lambda: list(records.read_images([path]))) == "records_damaged"
        records.write_all(run, dataset, nothing)
        assert records.complete(run) and path.read_bytes() == whole
    run.dataset.write_text(run.dataset.read_text() + "\n")
    assert "has changed" in str(records.problem(run))
    run.records_index.write_text('{"format": 1, "shards": 3}')
    assert "never finished" in str(records.problem(run))


def flipped(whole: bytes) -> bytes:
    middle = len(whole) // 2
    return whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]


@check
def an_image_that_rots_in_a_record_is_named() -> None:
    """A record whose checksum is right and whose image is not: written by somebody else, or by a failing memory."""
    import tensorflow as tf

    from training.engine import records
    from training.engine.errors import EngineError

    path = new_folder() / "val-00000-of-00001.record"
    example = records.example(Dataset.from_json(dataset_json()).images[0], {1: "Ball", 2: "Box"})
    encoded = example.features.feature["image/encoded"].bytes_list.value[0]
    example.features.feature["image/encoded"].bytes_list.value[0] = encoded[: len(encoded) // 2]
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(example.SerializeToString())
    try:
        list(records.read_images([path]))
    except EngineError as error:
        assert "photo 0.jpg" in error.sentence and path.name in error.sentence
    else:
        raise AssertionError("half an image was read")


@check
def no_records_are_no_images() -> None:
    from training.engine import records

    assert refusal(lambda: list(records.read_images([]))) == "records_damaged"


@check
def what_tensorflow_cannot_decode_is_encoded_anew() -> None:
    """Each of these is a picture to Pillow; the training's decoder has to be able to read what is written."""
    import tensorflow as tf

    from training.engine.images import encode_for_record
    from training.engine.records.decoder import decodes

    folder, noise = new_folder(), np.random.default_rng(1).integers(0, 255, (20, 30, 3), np.uint8)
    saved = {
        "cmyk.jpg": Image.fromarray(noise).convert("CMYK"),
        "alpha.png": Image.fromarray(noise).convert("RGBA"),
        "palette.png": Image.fromarray(noise).convert("P"),
        "deep.png": Image.fromarray(noise[..., 0].astype(np.uint16) << 8),
        "web.webp": Image.fromarray(noise),
        "plain.jpg": Image.fromarray(noise),
    }
    for name, image in saved.items():
        image.save(folder / name)
        encoded, kind = encode_for_record(folder / name, name, (30, 20), decodes)
        assert tf.io.decode_image(encoded, channels=3).shape == (20, 30, 3)
        assert (kind, encoded == (folder / name).read_bytes()) == (
            ("jpeg", True) if name == "plain.jpg" else ("png", False)
        )
    # Pillow stops at the end of the pixels, TensorFlow also reads the checksum behind them.
    plain = folder / "plain.png"
    saved["plain.jpg"].save(plain)
    plain.write_bytes(plain.read_bytes()[:-12] + b"\0\0\0\0IEND\0\0\0\0")
    assert not decodes(plain.read_bytes(), "png")
    encoded, kind = encode_for_record(plain, plain.name, (30, 20), decodes)
    assert decodes(encoded, kind)


@check
def a_truncated_photograph_is_refused_by_name() -> None:
    from training.engine import records

    content = dataset_json()
    path = Path(content["images"][2]["path"])
    path.write_bytes(path.read_bytes()[:-500])
    run = RunDirectory(new_folder() / "truncated")
    assert refusal(lambda: records.write_all(run, Dataset.from_json(content), nothing)) == "image_unreadable"
    assert not records.complete(run) and not list(run.root.glob("*.part"))


@check
def a_run_that_has_learnt_keeps_its_classes() -> None:
    from training.engine import records

    run, dataset = written()
    before = [path.read_bytes() for path in run.records("train")]
    run.checkpoints.mkdir()
    (run.checkpoints / "ckpt-5.index").touch()
    renamed = Dataset({1: "Ball", 2: "Cube"}, dataset.images)
    assert refusal(lambda: records.write_all(run, renamed, nothing)) == "bad_classes"
    assert records.complete(run) and [path.read_bytes() for path in run.records("train")] == before
    records.write_all(run, dataset, nothing)
