"""A short try of a run: what its training images look like, what its pipeline.config says, how long a step takes.

Goes the way of the training itself: the same records, the same input pipeline, the same steps. Needs `compat.apply()`
first.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.engine import device, pipeline_config
from training.engine.loop.batches import training_batches
from training.engine.recipe import complete
from training.engine.request import RunRequest
from training.engine.rundir import read_json, write_json, write_text

WARM_STEPS, MOST_STEPS, MOST_SECONDS = 2, 20, 30.0
SAMPLES, LONGEST_SIDE = 12, 360
COLOURS = ((0, 160, 70), (30, 90, 220), (220, 60, 30), (160, 60, 200), (0, 150, 170), (200, 130, 0))
REPORT, DEFAULTS = "trial.json", "defaults.config"


def try_out(training: Any) -> None:
    """Writes `samples/N.jpg`, `defaults.config` (the same without choices) and `trial.json` into the run directory."""
    training.write_records()
    write_defaults(training)
    attempt = training.new_attempt()
    loop = attempt.build()
    training.events.state("trying", "Drawing a dozen training images.")
    names = [training.dataset.classes[number] for number in sorted(training.dataset.classes)]
    count = save_samples(training, attempt, names)
    training.events.state("trying", "Timing some steps.")
    seconds, steps = time_steps(loop)
    report = {"seconds_per_step": seconds, "steps": steps, "batch_size": attempt.batch_size, "samples": count}
    write_json(training.run.root / REPORT, {**report, **device.memory()})
    training.events.state("done", "Tried out.")


def write_defaults(training: Any) -> None:
    """The pipeline.config of a run of the same detector in which nothing was chosen."""
    asked = read_json(training.run.request)
    model = {"architecture": asked["model"]["architecture"]} if "architecture" in asked.get("model", {}) else {}
    plain = complete({"model": model, "train": {}, "base": asked.get("base", {})}, training.dataset)
    request = RunRequest.from_json(plain)
    pipeline = pipeline_config.build(training.run, request, training.dataset)
    write_text(training.run.root / DEFAULTS, text_format.MessageToString(pipeline, as_utf8=True))


def time_steps(loop: Any) -> tuple[float, int]:
    """(seconds a step, steps timed), after the first ones, which compile."""
    loop.run(WARM_STEPS)
    done, started = 0, time.perf_counter()
    while done < MOST_STEPS and (done == 0 or time.perf_counter() - started < MOST_SECONDS):
        done += 1
        loop.run(WARM_STEPS + done)
    return (time.perf_counter() - started) / done, done


def save_samples(training: Any, attempt: Any, names: list[str]) -> int:
    folder = training.run.root / "samples"
    folder.mkdir(exist_ok=True)
    count = 0
    for count, (pixels, boxes, kinds) in enumerate(samples(attempt), start=1):
        draw(pixels, boxes, [names[kind] for kind in kinds], kinds).save(folder / f"{count}.jpg", quality=85)
        if count == SAMPLES:
            break
    return count


def samples(attempt: Any) -> Iterator[tuple[NDArray[Any], NDArray[Any], list[int]]]:
    """(pixels [height, width, 3] as the model gets them, boxes [n, 4] from 0 to 1, class indices) without end."""
    for features, labels in batches(attempt):
        for place, image in enumerate(features["image"]):
            number = int(labels["num_groundtruth_boxes"][place])
            boxes = labels["groundtruth_boxes"][place][:number]
            yield image, boxes, labels["groundtruth_classes"][place][:number].argmax(-1).tolist()


def batches(attempt: Any) -> Iterator[Any]:
    """Batches as arrays, made as the loop's own are made."""
    pipeline, setup = attempt.pipeline, attempt.setup()
    if tf.executing_eagerly():
        tf.keras.utils.set_random_seed(setup.seed)
        for batch in training_batches(pipeline, attempt.model, setup.deterministic, None, setup.seed):
            yield tf.nest.map_structure(lambda value: value.numpy(), batch)
    from object_detection.builders import model_builder

    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session(config=v1.ConfigProto(device_count={"GPU": 0})) as session:
        v1.set_random_seed(setup.seed)
        model = model_builder.build(pipeline.model, is_training=True)
        made = tf.autograph.experimental.do_not_convert(training_batches)(
            pipeline, model, setup.deterministic, seed=setup.seed
        )
        iterator = v1.data.make_initializable_iterator(made)
        following = iterator.get_next()
        session.run([v1.tables_initializer(), iterator.initializer])
        while True:
            yield session.run(following)


def draw(pixels: NDArray[Any], boxes: NDArray[Any], names: list[str], kinds: list[int]) -> Image.Image:
    """A picture of what the model gets, stretched from its darkest to its brightest value, with its boxes."""
    low, high = float(pixels.min()), float(pixels.max())
    picture = Image.fromarray(((pixels - low) / max(high - low, 1e-6) * 255).astype(np.uint8))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    pen = ImageDraw.Draw(picture)
    for (ymin, xmin, ymax, xmax), name, kind in zip(boxes, names, kinds, strict=True):
        colour = COLOURS[kind % len(COLOURS)]
        edges = [xmin * picture.width, ymin * picture.height, xmax * picture.width, ymax * picture.height]
        pen.rectangle([float(edge) for edge in edges], outline=colour, width=2)
        pen.text((edges[0] + 3, edges[1] + 1), name, fill=colour)
    return picture
