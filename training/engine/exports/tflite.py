"""TFLite in three precisions, in the form that Android's and MediaPipe's detectors expect.

The input is one image, resized and normalised by the caller (`preprocess` in model.json says how); the outputs are
boxes (not clipped), classes counted from 0, scores, and how many. An SSD ends in TFLite's own suppression, which is
told to treat each class by itself as the checkpoint does; CenterNet needs none. Needs `compat.apply()` first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import tensorflow as tf

from training.engine.bundle.runtime_litert import prepare
from training.engine.exports.subject import Subject
from training.engine.exports.tflite_graph import INPUT, TfliteSettings, converted_function
from training.engine.freezing import outputs_of
from training.engine.model import DETECTIONS
from training.engine.records import read_images

FILE = "model.tflite"
REPRESENTATIVE = 60  # images by which the ranges of the 8-bit numbers are set
LOOKED_AT = 600  # of the train split, from which they are taken at even distances


def write(subject: Subject, folder: Path, precision: str) -> dict[str, Any]:
    """`precision` is `tflite`, `tflite_float16` or `tflite_int8`."""
    settings: TfliteSettings = subject.settings
    function, keep = converted_function(subject.graph(), settings)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], keep)
    converter.allow_custom_ops = True  # TFLite's own suppression counts as custom; every runtime has it
    if precision != "tflite":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "tflite_float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision == "tflite_int8":
        converter.representative_dataset = representative(subject, settings)
    (folder / FILE).write_bytes(converter.convert())
    return {
        "input": INPUT,
        "outputs": [name for name in outputs_of(subject.graph()) if name in DETECTIONS],
        "batch": 1,
        "preprocessing": "float32 NHWC RGB, resized and normalised as `preprocess` says",
        "preprocess": settings.preprocess,
    }


def representative(subject: Subject, settings: TfliteSettings) -> Callable[[], Iterator[list[Any]]]:
    """Training images as the model sees them, spread evenly over the beginning of the train split."""
    available = min(LOOKED_AT, len(subject.dataset.split("train")))
    step = max(1, available // REPRESENTATIVE)

    def images() -> Iterator[list[Any]]:
        for image in islice(read_images(subject.run.records("train")), 0, available, step):
            yield [prepare(image.pixels, settings.preprocess)[0]]

    return images
