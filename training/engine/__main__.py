"""`python -m training.engine train|export|records RUN_DIR`: see `parse` and the exit codes in `runner`."""

from __future__ import annotations

import argparse
import errno
import sys
import traceback
from pathlib import Path

from training.engine.cancellation import Cancellation
from training.engine.dataset import Dataset
from training.engine.errors import Cancelled, EngineError
from training.engine.events import EventLog
from training.engine.request import RunRequest
from training.engine.rundir import RunDirectory
from training.engine.runner import CANCELLED, CRASHED, DONE, REFUSED


def main(argv: list[str]) -> int:
    """Runs one command and turns however it ends into an event and an exit code."""
    options = parse(argv)
    run = RunDirectory(options.run_dir.resolve())
    if not run.root.is_dir():
        print(f"{run.root} is not a run directory.", file=sys.stderr)
        return REFUSED
    events, stop = EventLog(run.events), Cancellation(run.cancel)
    try:
        stop.listen()
        execute(options, run, events, stop)
    except Cancelled:
        events.state("cancelled", "Stopped as asked; what was learnt is saved.")
        return CANCELLED
    except EngineError as error:
        return fail(events, error, REFUSED)
    except Exception as error:
        traceback.print_exc()
        known = explain(error)
        if known:
            return fail(events, known, REFUSED)
        return fail(events, EngineError("crash", f"The engine failed: {type(error).__name__}; see the log."), CRASHED)
    finally:
        events.close()
    return DONE


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.engine", description="Trains a detector in a directory.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in (
        ("train", "train, evaluate and export; goes on from the newest checkpoint"),
        ("records", "only write the TFRecords, label map and pipeline.config"),
        ("export", "export a checkpoint in another format"),
    ):
        command = commands.add_parser(name, help=about)
        command.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    command.add_argument("--format", required=True, choices=["saved_model", "frozen_graph", "onnx"])
    command.add_argument("--output", required=True, type=Path, metavar="DIR", help="folder to write, replaced if there")
    command.add_argument("--checkpoint", default="best", metavar="best|last|STEP")
    return parser.parse_args(argv)


def execute(options: argparse.Namespace, run: RunDirectory, events: EventLog, stop: Cancellation) -> None:
    """Refuses what cannot work, then imports TensorFlow and does what was asked."""
    request, dataset = RunRequest.load(run.request), Dataset.load(run.dataset)
    stop.check()
    events.state("starting", "Loading TensorFlow.")
    from training.engine import compat

    compat.apply()
    from training.engine import train
    from training.engine.device import prepare

    prepare()
    if options.command == "export":
        output = options.output.resolve()
        train.export_checkpoint(run, request, dataset, events, options.format, output, options.checkpoint)
        return
    training = train.TrainingRun(run, request, dataset, events, stop)
    if options.command == "train":
        training.execute()
    else:
        training.write_records()
        events.state("done", "The records are written.")


def explain(error: Exception) -> EngineError | None:
    """The sentence for an error that a full disk or a full memory causes wherever it strikes."""
    text = str(error)
    if getattr(error, "errno", None) == errno.ENOSPC or "No space left on device" in text:
        return EngineError(
            "disk_full",
            "The disk is full; free some space and start the run again, it goes on from its last checkpoint.",
        )
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return EngineError("out_of_memory", "The memory is full; start the run again with half the batch size.")
    return None


def fail(events: EventLog, error: EngineError, code: int) -> int:
    try:
        events.write("error", code=error.code, message=error.sentence)
        events.state("failed", error.sentence)
    except OSError:  # a full disk has no room for the news either; the exit code and the log still tell it
        print(error.sentence, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
