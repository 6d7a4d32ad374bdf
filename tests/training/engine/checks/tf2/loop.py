"""What is trained, in which order, and what a run does when it goes wrong."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from tests.training.engine.builders import events, make_request, make_run
from tests.training.engine.checks.registry import check, new_folder, refusal
from training.engine.cancellation import Cancellation
from training.engine.dataset import Dataset
from training.engine.errors import Cancelled
from training.engine.events import EventLog
from training.engine.request import RunRequest
from training.engine.rundir import RunDirectory


def prepared_run(**train: Any) -> Any:
    """A `TrainingRun` with its records written."""
    from training.engine.train import TrainingRun

    run = RunDirectory(make_run(new_folder() / "run", make_request(**train)))
    request, dataset = RunRequest.load(run.request), Dataset.load(run.dataset)
    training = TrainingRun(run, request, dataset, EventLog(run.events), Cancellation(run.cancel))
    training.write_records()
    return training


@check
def groups_and_names_choose_what_is_trained() -> None:
    from tests.training.engine.checks.tf2.starting import tiny_model
    from training.engine.trainable import select

    model = tiny_model(2)
    everything = {variable.name for variable in select(model, (), False)}
    without_backbone = {variable.name for variable in select(model, ("backbone",), False)}
    moving = [layer for layer in model.submodules if hasattr(layer, "moving_mean") and layer.trainable]
    heads = {variable.name for variable in select(model, ("backbone_and_pyramid",), False)}
    assert heads < without_backbone < everything
    assert all("BoxPredictor" in name or "Predict" in name for name in heads), heads
    assert 0 < len(moving) < len([layer for layer in model.submodules if hasattr(layer, "moving_mean")])
    assert {variable.name for variable in select(model, ("all_but_heads",), False)} == heads
    first = sorted(everything)[0]
    assert {variable.name for variable in select(model, (first,), False)} == everything - {first}
    assert refusal(lambda: select(model, ("no such name",), False)) == "bad_request"
    assert {variable.name for variable in select(model, (), True)} == everything
    assert not [layer for layer in model.submodules if hasattr(layer, "moving_mean") and layer.trainable]


@check
def frozen_weights_stay_until_they_are_thawed() -> None:
    from training.engine.attempt import Attempt

    training = prepared_run(steps=100)
    request = training.request
    object.__setattr__(request.train, "freeze", ("all_but_heads",))
    object.__setattr__(request.train, "freeze_until_step", 2)
    attempt = Attempt(training.run, request, training.dataset, training.events, training.stop)
    loop = attempt.build()
    # Keras lists the variables of a layer that is not trained behind the others, so the lists are made once.
    extractor, heads = list(attempt.model._feature_extractor.variables), list(attempt.model._box_predictor.variables)
    before = [values(extractor), values(heads)]
    loop.run(2)
    assert same(before[0], values(extractor)) and not same(before[1], values(heads))
    rate = loop.learning_rate
    loop.run(3)
    assert not same(before[0], values(extractor))
    assert loop.learning_rate < 0.2 * rate
    assert any("all variables" in event["message"] for event in events(training.run.root, "state"))


@check
def a_stop_is_heard_between_two_steps_of_one_call() -> None:
    training = prepared_run(steps=1000, log_every=500, checkpoint_every=500, evaluate_every=500)
    training.attempt = training.new_attempt()
    loop = training.attempt.build()
    loop.run(2)  # the first call of a program takes seconds
    threading.Timer(1.0, training.run.cancel.touch).start()
    try:
        loop.run(1000)
    except Cancelled:
        assert 2 < loop.step < 500, loop.step
        return
    raise AssertionError("the run went on to its end")


@check
def kept_images_are_seen_once_a_round() -> None:
    import tensorflow as tf

    from training.engine.loop.batches import decoded

    training = prepared_run(steps=1)
    attempt = training.new_attempt()
    assert attempt.setup().keep_images
    reader = attempt.pipeline.train_input_reader
    for keep in (True, False):
        names = [row["source_id"].numpy().decode() for row in decoded(reader, keep).take(12)]
        rounds = [names[start : start + 4] for start in (0, 4, 8)]
        assert all(sorted(one) == sorted(rounds[0]) and len(set(one)) == 4 for one in rounds), (keep, rounds)
    with_pixels = [row["image"] for row in decoded(reader, True).take(8)]
    assert {image.dtype for image in with_pixels} == {tf.uint8} and len({image.shape[1] for image in with_pixels}) == 4


@check
def photographs_that_fill_the_memory_are_not_kept() -> None:
    from training.engine.dataset import ImageEntry
    from training.engine.loop import Setup

    huge = ImageEntry(1, new_folder(), "sky.jpg", 30_000, 30_000, "train", ())
    assert not Setup.can_keep([huge]) and Setup.can_keep([])


def values(variables: list[Any]) -> list[Any]:
    return [variable.numpy() for variable in variables]


def same(left: list[Any], right: list[Any]) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(left, right, strict=True))


@check
def a_run_recovers_from_full_memory_and_from_nan_and_stops_early() -> None:
    """The steps themselves are make-believe; checkpoints, evaluations and everything around them are real."""
    import tensorflow as tf

    from training.engine.loop import training_loop

    faults = {3: tf.errors.ResourceExhaustedError(None, None, "OOM when allocating"), 5: float("nan")}
    before = training_loop.Steps
    training_loop.Steps = pretended_steps(faults)  # type: ignore[assignment,misc]
    try:
        training = prepared_run(steps=20, evaluate_every=2, checkpoint_every=2, patience=2, batch_size=4)
        training.export_best = lambda: None
        training.execute()
    finally:
        training_loop.Steps = before  # type: ignore[misc]
    root = training.run.root
    memory, nan = events(root, "retry")
    assert (memory["reason"], memory["failed_step"], memory["step"], memory["batch_size"]) == ("out_of_memory", 2, 2, 2)
    assert (nan["reason"], nan["step"], nan["batch_size"]) == ("nan_loss", 4, 2)
    assert nan["learning_rate"] < 0.2 * memory["learning_rate"]
    (result,) = events(root, "result")
    assert result["stopped_early"] and result["steps"] in (8, 10), result
    assert "stopped rising" in events(root)[-1]["message"]
    assert not faults


def pretended_steps(faults: dict[int, Any]) -> Any:
    """Stands for `Steps`: counts one, and raises or returns the fault of the step it has come to, once."""

    def compiled(model: Any, config: Any, optimizer: Any, variables: Any, step: Any, *others: Any) -> Any:
        def take(most: int) -> tuple[int, dict[str, float]]:
            fault = faults.pop(int(step) + 1, 1.0)
            if isinstance(fault, Exception):
                raise fault
            step.assign_add(1)
            return 1, {"Loss/total_loss": fault}

        return take

    return compiled


@check
def a_low_precision_trains_and_is_left_behind_for_the_export() -> None:
    """bfloat16 needs no GPU to be right, only to be quick."""
    import tensorflow as tf

    training = prepared_run(steps=1, precision="mixed_bfloat16")
    training.attempt = training.new_attempt()
    try:
        assert training.trained()
        (step,) = events(training.run.root, "step")
        assert 0 < step["loss"]["total"] < 10
        model = training.attempt.model
        assert {variable.dtype for variable in model.trainable_variables} == {tf.float32}
        assert any(layer.compute_dtype == "bfloat16" for layer in model.submodules if hasattr(layer, "compute_dtype"))
        assert training.detector_for_export() is not training.attempt.detector
        assert tf.keras.mixed_precision.global_policy().name == "float32"
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")


@check
def a_second_nan_is_an_error() -> None:
    training = prepared_run(steps=2)
    attempt = training.attempt = training.new_attempt()
    from training.engine.checkpoints import nan_error

    assert training.recover(nan_error(1))
    again = training.attempt = training.new_attempt()
    assert again.recovery.rate_scale == 0.1 * attempt.recovery.rate_scale
    assert again.pipeline.train_config.gradient_clipping_by_norm == 10.0
    assert not training.recover(nan_error(2))


@check
def images_of_one_size_are_evaluated_together() -> None:
    from training.engine.evaluation_batches import batches, read_ahead
    from training.engine.records import RecordImage

    shapes = [(4, 6), (6, 4), (4, 6), (4, 6), (6, 4), (3000, 2000)]
    images = [RecordImage(number, np.zeros((*shape, 3), np.uint8)) for number, shape in enumerate(shapes)]
    groups = [[image.id for image in group] for group in batches(read_ahead(images, 2), most=2)]
    assert groups == [[0, 2], [1, 4], [5], [3]]
    many = [RecordImage(number, np.zeros((1, number + 1, 3), np.uint8)) for number in range(100)]
    assert sorted(group[0].id for group in batches(many)) == list(range(100))


@check
def errors_of_reading_ahead_reach_the_reader() -> None:
    from training.engine.errors import EngineError
    from training.engine.evaluation_batches import read_ahead

    def items() -> Any:
        yield 1
        raise EngineError("damaged", "no")

    reader = read_ahead(items())
    assert next(reader) == 1
    assert refusal(lambda: next(reader)) == "damaged"


@check
def precision_follows_the_weakest_gpu() -> None:
    from training.engine.device import precision_for, shares

    assert precision_for([]) == "float32"
    assert precision_for([(8, 0), (9, 0)]) == "mixed_bfloat16"
    assert precision_for([(7, 5), (9, 0)]) == "mixed_float16"
    assert precision_for([(6, 1)]) == "float32"
    assert [shares(8, count) for count in (0, 1, 2, 3, 4, 6)] == [1, 1, 2, 2, 4, 4]


@check
def a_gpu_adds_up_in_order_only_where_asked() -> None:
    from unittest import mock

    from training.engine import device

    with mock.patch.object(device.tf.config.experimental, "enable_op_determinism") as enable:
        for wanted, gpu in ((True, False), (None, True), (False, True)):
            with mock.patch.object(device, "has_gpu", return_value=gpu):
                device.compute_repeatably(wanted)
        assert not enable.called
        with mock.patch.object(device, "has_gpu", return_value=True):
            device.compute_repeatably(True)
        assert enable.call_count == 1
