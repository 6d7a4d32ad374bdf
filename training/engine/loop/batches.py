"""The training batches, in an order that the seed decides.

The API's own pipeline maps with up to 64 calls at a time, over functions that TensorFlow's seed does not reach: the
same run never sees the same batches twice. Decoding and augmentation are the API's here too; only what lies between
is ours.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import tensorflow as tf
from object_detection import inputs
from object_detection.builders import decoder_builder
from object_detection.core import preprocessor

CROPS = "sample_distorted_bounding_box"
sample_crops = preprocessor.tf.image.sample_distorted_bounding_box
PREFETCHED = 2  # batches ready before they are needed


def training_batches(
    pipeline: Any, model: Any, deterministic: bool, context: Any = None, seed: int = 1, keep_images: bool = False
) -> tf.data.Dataset:
    """Endless (features, labels) as `inputs.train_input` describes them.

    `deterministic` augments the images one after the other, because the random numbers are drawn in the order in which
    the images ask for them; decoding goes on in parallel. TensorFlow's global seed must be set before; `seed` is
    for what it does not reach. `context` is a `tf.distribute.InputContext`, whose replicas share one batch.
    `keep_images` decodes every image once and keeps its pixels in memory.
    """

    def build(
        reader: Any, batch_size: int, transform_input_data_fn: Any, input_context: Any, reduce_to_frame_fn: Any
    ) -> Any:
        share = input_context.get_per_replica_batch_size(batch_size) if input_context else batch_size
        return batches(reader, share, transform_input_data_fn, deterministic, keep_images)

    builders = inputs.INPUT_BUILDER_UTIL_MAP
    with patch.dict(builders, dataset_build=build), patch.object(preprocessor.tf.image, CROPS, seeded_crops(seed)):
        # AutoGraph would rewrite the API's code, which is graph code already, and treble the time until the first step.
        return tf.autograph.experimental.do_not_convert(inputs.train_input)(
            train_config=pipeline.train_config,
            train_input_config=pipeline.train_input_reader,
            model_config=pipeline.model,
            model=model,
            input_context=context,
        )


def batches(
    reader: Any, batch_size: int, transform: Callable[[Any], Any], deterministic: bool, keep_images: bool
) -> tf.data.Dataset:
    calls = None if deterministic else tf.data.AUTOTUNE
    examples = decoded(reader, keep_images).map(transform, calls, deterministic=deterministic if calls else None)
    options = tf.data.Options()
    options.threading.private_threadpool_size = os.cpu_count() or 1  # else it takes the threads the step works with
    return examples.batch(batch_size, drop_remainder=True).prefetch(PREFETCHED).with_options(options)


def decoded(reader: Any, keep: bool) -> tf.data.Dataset:
    """The examples with their images as pixels, endlessly, each round in another order."""
    decode, records = decoder_builder.build(reader).decode, shuffled_records(reader)
    if not keep:
        return records.repeat().map(decode, tf.data.AUTOTUNE, deterministic=True)
    # The first round decodes as it goes, so that nobody waits for the last image before the first step.
    first = records.map(decode, tf.data.AUTOTUNE, deterministic=True).cache()
    return first.concatenate(first.shuffle(reader.shuffle_buffer_size).repeat())


def shuffled_records(reader: Any) -> tf.data.Dataset:
    """The encoded examples once, in an order that changes with every repetition."""
    paths = sorted(path for pattern in reader.tf_record_input_reader.input_path for path in tf.io.gfile.glob(pattern))
    files = tf.data.Dataset.from_tensor_slices(paths)
    if len(paths) > 1:
        files = files.shuffle(len(paths))
    return tf.data.TFRecordDataset(files).shuffle(reader.shuffle_buffer_size)


def seeded_crops(seed: int) -> Callable[..., Any]:
    """`tf.image.sample_distorted_bounding_box` with seeds: alone among the random operations it has none by itself."""
    numbers = itertools.count(1)
    return lambda *arguments, **options: sample_crops(*arguments, **{**options, "seed": seed, "seed2": next(numbers)})
