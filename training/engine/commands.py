"""What `python -m training.engine` does once it knows what it was asked.

A process takes TensorFlow in one way for its whole life ("tf2" or "tf1", see `compat`), so the way is found out before
anything of TensorFlow is imported.
"""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from typing import Any

from training.engine.architectures.presets import CUSTOM, preset
from training.engine.cancellation import Cancellation
from training.engine.dataset import Dataset
from training.engine.errors import EngineError
from training.engine.events import EventLog
from training.engine.recipe import complete
from training.engine.request import RunRequest
from training.engine.rundir import RunDirectory, read_json

#: Module with `TrainingRun` and `load_subject` for each way.
TRAINERS = {"tf2": "training.engine.train", "tf1": "training.engine.tf1.train"}


def way_of(request: RunRequest, run: RunDirectory) -> str:
    """ "tf2" or "tf1": what the run's architecture, or the config it brought along, was written for."""
    if request.model.architecture != CUSTOM:
        return preset(request.model.architecture).path
    return str(import_module("training.engine.config_import").way_of(run.root / "imported.config"))


def in_run_directory(options: argparse.Namespace, run: RunDirectory, events: EventLog, stop: Cancellation) -> None:
    """What needs a run directory: refuses what cannot work, then imports TensorFlow and does what was asked."""
    refuse_pattern(run)
    dataset = Dataset.load(run.dataset)
    request = RunRequest.from_json(complete(read_json(run.request), dataset))
    if options.command == "export":
        refuse_formats(request, options.format)
    stop.check()
    events.state("starting", "Loading TensorFlow.")
    trainer = load_trainer(way_of(request, run))
    if options.command == "export":
        output = options.output.resolve()
        export_checkpoint = import_module("training.engine.exports.command").export_checkpoint
        load = trainer.load_subject
        export_checkpoint(load, run, request, dataset, events, options.format, output, options.checkpoint)
        return
    training = trainer.TrainingRun(run, request, dataset, events, stop)
    if options.command == "train":
        training.execute()
    elif options.command == "trial":
        import_module("training.engine.trial").try_out(training)
    else:
        training.write_records()
        events.state("done", "The records are written.")


def refuse_pattern(run: RunDirectory) -> None:
    """Raises `EngineError` for a path that TensorFlow takes as a pattern: it would not find its own checkpoints."""
    special = sorted(set("*?[]\\") & set(str(run.root)))
    if special:
        raise EngineError(
            "bad_request",
            f"The path of the run directory holds {' '.join(special)}, which TensorFlow takes as a pattern; move the "
            "run to a folder without it.",
        )


def refuse_formats(request: RunRequest, formats: list[str]) -> None:
    """Raises `EngineError` for a format the architecture cannot take; a config brought along is looked at later."""
    if request.model.architecture == CUSTOM:
        return
    chosen = preset(request.model.architecture)
    for name in formats:
        if name not in chosen.exports:
            raise EngineError(
                "export_impossible",
                f"{chosen.title} cannot be exported as {name}; choose among {', '.join(chosen.exports)}.",
            )


def load_trainer(way: str) -> Any:
    from training.engine import compat

    compat.apply(way)
    from training.engine.device import prepare

    prepare()
    return import_module(TRAINERS[way])


def explain_config(options: argparse.Namespace) -> None:
    """`explain`: prints what an import of somebody's pipeline.config would change, and why, as JSON."""
    if not options.config.is_file():
        raise EngineError("bad_request", f"{options.config} is not a file; give the path of a pipeline.config.")
    load_protos()
    explained = import_module("training.engine.config_import").explain(options.config)
    print(json.dumps(explained, ensure_ascii=False, indent=1))


def load_protos() -> None:
    """What a config is read with: the library's messages alone, without the ten seconds of TensorFlow."""
    from training.engine.compat import protobuf_modules

    protobuf_modules.install()


def predict(options: argparse.Namespace) -> None:
    """`predict`: prints what an export finds on image files, as JSON."""
    predict_files = import_module("training.engine.predicting").predict_files
    print(json.dumps(predict_files(options.folder, options.images, options.threshold), ensure_ascii=False))


def show_config(options: argparse.Namespace) -> None:
    """`config`: prints the pipeline.config of a prepared run, as derived and as changed, as JSON."""
    load_protos()
    answer = import_module("training.engine.overrides.command").answer
    print(json.dumps(answer(RunDirectory(options.run_dir.resolve())), ensure_ascii=False))


#: Commands that print their answer and write no events.
PRINTING = {"explain": explain_config, "predict": predict, "config": show_config}
