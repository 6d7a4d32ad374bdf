"""TFRecords of a version beside the loop that tutorials teach and a plain copy of the pictures, in turns in one run.

    python -m benchmarks.datasets.tfrecords --images 2000

The loop reads each XML with ElementTree, opens the picture for its size, and writes a tf.train.Example with
TensorFlow, with protobuf in Python as the Object Detection API's own requirements leave it. Importing TensorFlow is
not counted. Every record is read again by TensorFlow's parser. Prints one JSON object. Goals: 5 times the loop's
images a second or more, 3 times the time of the copy or less, 400 MB or less.
"""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any
from xml.etree import ElementTree

from benchmarks.datasets.parts import MEMORY_MB, clock, import_all, run_parts, verdict

TURNS = 3
MODULE = "benchmarks.datasets.tfrecords"


def measure(corpus: Path) -> dict[str, Any]:
    """All three in turns; the processor's mood is shared."""
    from datasets.exporting.export import export_dataset
    from datasets.models import Dataset
    from datasets.versions.freeze import freeze

    dataset = Dataset.objects.get()
    version = freeze(dataset)
    turns: dict[str, list[dict[str, float]]] = {"site": [], "loop": [], "copy": []}
    with tempfile.TemporaryDirectory(dir=corpus.parent) as folder:
        for turn in range(TURNS):
            with clock() as spent:
                export_dataset(dataset, "tfrecord", Path(folder) / f"site{turn}", version)
            turns["site"].append(spent)
            turns["loop"].append(run_loop(corpus, Path(folder) / "loop.record"))
            with clock() as spent:
                copy(corpus / "images", Path(folder) / f"copy{turn}")
            turns["copy"].append(spent)
        read = count_records(Path(folder) / "site0")
    own = round(
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, 1
    )  # without the loop and its TensorFlow
    return {**turns, "records_read_by_tensorflow": read, "memory_mb": own}


def copy(source: Path, target: Path) -> None:
    """Read and written, without the kernel's short cut."""
    target.mkdir()
    for file in source.iterdir():
        with file.open("rb", buffering=0) as reading, (target / file.name).open("wb", buffering=0) as writing:
            shutil.copyfileobj(reading, writing, 1024 * 1024)


def run_loop(corpus: Path, output: Path) -> dict[str, float]:
    environment = {**os.environ, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python", "TF_CPP_MIN_LOG_LEVEL": "3"}
    argv = [sys.executable, "-m", MODULE, "loop", str(corpus), str(output)]
    run = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
    return dict(json.loads(run.stdout.splitlines()[-1]))


def count_records(folder: Path) -> int:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    argv = [sys.executable, "-m", MODULE, "count", *map(str, folder.glob("*.record*"))]
    return int(subprocess.run(argv, env=environment, capture_output=True, text=True, check=True).stdout.split()[-1])


def loop(corpus: Path, output: Path) -> None:
    """What generate_tfrecord.py and create_pascal_tf_record.py do."""
    import tensorflow as tf

    numbers = {name: number for number, name in enumerate(("cat", "dog", "bird", "fish", "horse"), start=1)}
    with clock() as spent, tf.io.TFRecordWriter(str(output)) as writer:
        for file in sorted((corpus / "annotations").iterdir()):
            writer.write(classic_example(tf, file, corpus / "images", numbers).SerializeToString())
    print(json.dumps(spent))


def classic_example(tf: Any, file: Path, images: Path, numbers: dict[str, int]) -> Any:
    from PIL import Image

    root = ElementTree.parse(file).getroot()  # noqa: S314 - the corpus is our own
    name = str(root.findtext("filename"))
    encoded = (images / name).read_bytes()
    width, height = Image.open(io.BytesIO(encoded)).size
    objects = root.findall("object")
    names = [str(one.findtext("name")) for one in objects]

    def whole(*found: int) -> Any:
        return tf.train.Feature(int64_list=tf.train.Int64List(value=found))

    def texts(*found: bytes) -> Any:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=found))

    def edges(key: str, size: int) -> Any:
        values = [int(str(one.findtext(f"bndbox/{key}"))) / size for one in objects]
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))

    feature = {"image/height": whole(height), "image/width": whole(width), "image/encoded": texts(encoded)}
    feature |= {"image/filename": texts(name.encode()), "image/source_id": texts(name.encode())}
    feature |= {f"image/object/bbox/{key}": edges(key, size) for key, size in sides(width, height)}
    feature |= {"image/format": texts(b"jpg"), "image/object/class/text": texts(*(one.encode() for one in names))}
    feature["image/object/class/label"] = whole(*(numbers[one] for one in names))
    return tf.train.Example(features=tf.train.Features(feature=feature))


def sides(width: int, height: int) -> list[tuple[str, int]]:
    return [("xmin", width), ("xmax", width), ("ymin", height), ("ymax", height)]


def count(files: list[str]) -> None:
    import tensorflow as tf

    keys = {"image/encoded": tf.io.FixedLenFeature((), tf.string)}
    keys["image/object/class/label"] = tf.io.VarLenFeature(tf.int64)
    parsed = tf.data.TFRecordDataset(files).map(lambda data: tf.io.parse_single_example(data, keys))
    print(sum(1 for row in parsed if len(row["image/encoded"].numpy()) > 1000))


PARTS = {"import": import_all, "records": measure}


def main() -> None:
    if len(sys.argv) > 2 and sys.argv[1] in ("loop", "count"):
        loop(Path(sys.argv[2]), Path(sys.argv[3])) if sys.argv[1] == "loop" else count(sys.argv[2:])
        return
    ran = run_parts(MODULE, __doc__, PARTS, 2000)
    if ran is None:
        return
    images, figures = ran
    rows = figures["records"]
    pairs = list(zip(rows["site"], rows["loop"], rows["copy"], strict=True))
    reached = {
        "least_images_per_second_over_loop": round(median(b["seconds"] / a["seconds"] for a, b, _ in pairs), 2),
        "seconds_over_copy": round(median(a["seconds"] / c["seconds"] for a, _, c in pairs), 2),
        "memory_mb": rows["memory_mb"],
        "records_missing": images - rows["records_read_by_tensorflow"],
    }
    goals = {"least_images_per_second_over_loop": 5.0, "seconds_over_copy": 3.0}
    goals |= {"memory_mb": MEMORY_MB, "records_missing": 0}
    print(
        json.dumps({"benchmark": "datasets_tfrecords", "images": images, **verdict(reached, goals), **rows}, indent=1)
    )


if __name__ == "__main__":
    main()
