"""The trial itself: loads the library, then trains, evaluates and exports the smallest model."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.engine.cancellation import Cancellation
from training.engine.dataset import Dataset
from training.engine.errors import EngineError
from training.engine.events import EventLog
from training.engine.request import RunRequest
from training.engine.runner import read_events
from training.engine.selfcheck import sample
from training.engine.selfcheck.findings import FAILED, OK, Finding


def imports() -> Finding:
    """Applies the patches and loads what a training loads."""
    started = time.monotonic()
    try:
        from training.engine import compat

        compat.apply()
        import tensorflow as tf
        from object_detection import model_lib_v2  # noqa: F401
    except Exception as error:
        traceback.print_exc()
        return Finding("imports", FAILED, f"The library does not load ({brief(error)}); run make setup.")
    seconds = time.monotonic() - started
    patches = len(compat.PATCHES["tf2"])
    sentence = (
        f"The Object Detection API loads on TensorFlow {tf.__version__} with {patches} patches in {seconds:.0f} s."
    )
    return Finding("imports", OK, sentence)


def training(folder: Path) -> Iterator[Finding]:
    """Trains in `folder` and says how each part went; stops at the first that failed."""
    run = sample.make(folder)
    events = EventLog(run.events)
    failure: Finding | None = None
    try:
        from training.engine.train import TrainingRun

        request, dataset = RunRequest.load(run.request), Dataset.load(run.dataset)
        TrainingRun(run, request, dataset, events, Cancellation(run.cancel)).execute()
    except EngineError as error:
        failure = Finding("training", FAILED, error.sentence)
    except Exception as error:
        traceback.print_exc()
        failure = Finding("training", FAILED, f"Training failed ({brief(error)}); the log above says where.")
    finally:
        events.close()
    told, _ = read_events(run.events)
    yield from stages(told)
    if failure:
        yield Finding(failure.check, FAILED, f"{failure.sentence} It was {last_state(told)}.")
    else:
        yield predictor(run.exports / "onnx", folder)


def stages(told: list[dict[str, Any]]) -> Iterator[Finding]:
    """What the events of a run say about steps, evaluation and export."""
    steps = [event for event in told if event["type"] == "step"]
    began, ended = told[0]["time"], told[-1]["time"]
    if steps:
        first = steps[0]["time"] - began
        yield Finding("steps", OK, f"{len(steps)} training steps were made, the first after {first:.0f} s.")
    for event in told:
        if event["type"] == "eval":
            yield Finding("evaluation", OK, f"The evaluation took {event['seconds']:.1f} s.")
        if event["type"] == "export":
            boxes, scores = event["max_box_difference"], event["max_score_difference"]
            sentence = f"The {event['format']} export answers like its checkpoint (boxes differ by {boxes:.1g}"
            yield Finding("export", OK, f"{sentence}, scores by {scores:.1g}); all took {ended - began:.0f} s.")


def predictor(model: Path, folder: Path) -> Finding:
    """Asks the exported model the way the site does."""
    from PIL import Image

    from training.engine.predictor import Predictor

    try:
        with Image.open(folder / "1.jpg") as image:
            (found,) = Predictor(model).predict([image.convert("RGB")])
    except Exception as error:
        traceback.print_exc()
        return Finding("predictor", FAILED, f"The exported model does not detect ({brief(error)}); run make setup.")
    return Finding("predictor", OK, f"The exported model was asked about a picture and gave {len(found)} boxes.")


def last_state(told: list[dict[str, Any]]) -> str:
    states = [event["state"] for event in told if event["type"] == "state"]
    return states[-1] if states else "starting"


def brief(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
