"""`python -m tests.training.engine.two_devices`: one step on one device and the same step shared by two.

The processor is split into two logical devices, which stand for two GPUs. The batch holds the same images twice, so
that each half has the means, variances and numbers of boxes of the whole: then the two steps must agree. Prints one
JSON object: losses and a few weights after the step, of "one" and "two".
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from training.engine import compat

compat.apply()

import tensorflow as tf  # noqa: E402

from tests.training.engine.builders import make_request, make_run  # noqa: E402
from training.engine import pipeline_config, records  # noqa: E402
from training.engine.cancellation import Cancellation  # noqa: E402
from training.engine.dataset import Dataset  # noqa: E402
from training.engine.device import choose_strategy  # noqa: E402
from training.engine.events import EventLog  # noqa: E402
from training.engine.loop import Setup, TrainingLoop  # noqa: E402
from training.engine.loop.batches import training_batches  # noqa: E402
from training.engine.loop.report import loss_values  # noqa: E402
from training.engine.model import Detector, build_model  # noqa: E402
from training.engine.request import RunRequest  # noqa: E402
from training.engine.rundir import RunDirectory  # noqa: E402

HALF = 2


def split_processor() -> None:
    (processor,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)


def step_with(run: RunDirectory, strategy: tf.distribute.Strategy) -> dict[str, Any]:
    request = RunRequest.load(run.request)
    pipeline = pipeline_config.read(run)
    tf.keras.utils.set_random_seed(1)
    with strategy.scope():
        model = build_model(pipeline)
        Detector(model, request.model.input_size)
    setup = Setup(strategy=strategy)
    loop = TrainingLoop(run, pipeline, model, request.train, EventLog(run.events), Cancellation(run.cancel), setup)
    loop._batches = batches(pipeline, model, strategy)
    loop._trace()
    losses = loss_values(loop._steps(1)[1])
    weights = [[float(value) for value in tf.reshape(variable, [-1])[:3]] for variable in model.variables]
    return {"step": loop.step, "losses": losses, "weights": weights}


def batches(pipeline: Any, model: Any, strategy: tf.distribute.Strategy) -> Any:
    """Endlessly the same images: twice in a batch, or once for each of two replicas."""
    tf.keras.utils.set_random_seed(2)
    pipeline.train_config.batch_size = HALF
    half = next(iter(training_batches(pipeline, model, True)))
    if strategy.num_replicas_in_sync == 2:
        return iter(strategy.distribute_datasets_from_function(lambda _: tf.data.Dataset.from_tensors(half).repeat()))
    whole = tf.nest.map_structure(lambda value: tf.concat([value, value], 0), half)
    return iter(tf.data.Dataset.from_tensors(whole).repeat())


def main() -> None:
    split_processor()
    with tempfile.TemporaryDirectory() as folder:
        run = RunDirectory(make_run(Path(folder) / "run", make_request(batch_size=2 * HALF, augmentation="none")))
        request, dataset = RunRequest.load(run.request), Dataset.load(run.dataset)
        records.write_all(run, dataset, lambda: None)
        pipeline_config.write(run, pipeline_config.build(run, request, dataset))
        one = step_with(run, tf.distribute.get_strategy())
        two = step_with(run, choose_strategy(2 * HALF, "CPU"))
    print(json.dumps({"one": one, "two": two}))


if __name__ == "__main__":
    main()
