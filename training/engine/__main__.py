"""`python -m training.engine train|export|records|trial|config RUN_DIR`, `explain CONFIG` or `predict DIR IMAGE`.

See `parse` for the options and `commands` for what is done. The exit codes are those of `runner`.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import traceback
from pathlib import Path

from training.engine import commands
from training.engine.architectures.preset import EXPORTS
from training.engine.cancellation import Cancellation
from training.engine.containment import NotContained, contain
from training.engine.errors import Cancelled, EngineError
from training.engine.events import EventLog
from training.engine.failures import explain
from training.engine.parent import die_with_parent
from training.engine.rundir import RunDirectory
from training.engine.runner import CANCELLED, CRASHED, DONE, REFUSED


def main(argv: list[str]) -> int:
    """Runs one command and turns however it ends into an event and an exit code."""
    options = parse(argv)
    printing = options.command in commands.PRINTING
    try:
        output = options.output.resolve() if options.command == "export" else None
        held = contain(None if printing else options.run_dir.resolve(), output)
    except NotContained as error:
        print(error, file=sys.stderr)
        return REFUSED
    if printing:
        return print_answer(options)
    if held:
        print(held, flush=True)
    run = RunDirectory(options.run_dir.resolve())
    if not run.root.is_dir():
        print(f"{run.root} is not a run directory.", file=sys.stderr)
        return REFUSED
    try:
        events = EventLog(run.events)
    except OSError as error:
        print(f"{run.events} cannot be written ({error.strerror}); put that right, then start again.", file=sys.stderr)
        return REFUSED
    stop = Cancellation(run.cancel, run.finish)
    try:
        stop.listen()
        die_with_parent()
        commands.in_run_directory(options, run, events, stop)
    except Cancelled:
        with contextlib.suppress(OSError):  # a full disk has no room for the news; the exit code tells it
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
    kinds = parser.add_subparsers(dest="command", required=True)
    for name, about in (
        ("train", "train, evaluate and export; goes on from the newest checkpoint"),
        ("trial", "try it: a dozen training images, some timed steps, the pipeline.config; makes no model"),
        ("records", "only write the TFRecords, label map and pipeline.config"),
        ("export", "export a checkpoint in another format"),
    ):
        command = kinds.add_parser(name, help=about)
        command.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    command.add_argument(
        "--format", required=True, choices=EXPORTS, nargs="+", action="extend", help="one, or several at once"
    )
    command.add_argument(
        "--output",
        required=True,
        type=Path,
        metavar="DIR",
        help="folder to write, replaced if there; with several formats, the folder of their folders",
    )
    command.add_argument("--checkpoint", default="best", metavar="best|last|STEP")
    explain_command = kinds.add_parser("explain", help="print what an import of a pipeline.config would change")
    explain_command.add_argument("config", type=Path, metavar="CONFIG_FILE")
    config = kinds.add_parser("config", help="print what the pipeline.config of a run would say, without TensorFlow")
    config.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    predict = kinds.add_parser("predict", help="print what an export finds on photographs, as JSON")
    predict.add_argument("folder", type=Path, metavar="EXPORT_DIR")
    predict.add_argument("images", type=Path, nargs="+", metavar="IMAGE")
    predict.add_argument("--threshold", type=float, default=0.5, help="least score to print (default 0.5)")
    return parser.parse_args(argv)


def print_answer(options: argparse.Namespace) -> int:
    """A command that only prints: no run of it is told of in events."""
    try:
        commands.PRINTING[options.command](options)
    except EngineError as error:
        print(error.sentence, file=sys.stderr)
        return REFUSED
    return DONE


def fail(events: EventLog, error: EngineError, code: int) -> int:
    try:
        events.write("error", code=error.code, message=error.sentence)
        events.state("failed", error.sentence)
    except OSError:  # a full disk has no room for the news either; the exit code and the log still tell it
        print(error.sentence, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
