"""Background work of training. Each function is what a worker runs: ids in, rows and files out."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import Any

from sw_site.jobs.context import JobContext
from sw_site.jobs.errors import JobCancelled, JobError
from sw_site.lib.errors import UserError
from sw_site.lib.events import announce
from sw_site.lib.files.where import bucket
from training.children import engine_child
from training.devices import Device, device_for
from training.disk import DATA_GONE, make_room
from training.engine import runner
from training.engine.rundir import RunDirectory
from training.failures import explain_exit, log_tail
from training.following import Event, RunFollower
from training.machine import MachineWatch
from training.mending import MOST_KILLS, code_of, mend_after_kill
from training.models import ExportFormat, Run, TrainedModel
from training.preflight import refuse_if_blocked
from training.preflight.files import check_files
from training.preparation import prepare
from training.registry import record_export, register
from training.sharing.live import NOT_THERE, send_surely, sent_meanwhile, surely
from training.sharing.places import run_files
from training.words import percent

QUEUE = "gpu"
POLL_SECONDS = 0.5
#: Exit codes of a child that somebody ended by kill -9, or the system for lack of memory.
KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)


def train(context: JobContext, run_id: int) -> dict[str, Any] | None:
    """Trains a run to its end, or on from its last checkpoint if it was begun before; registers the model."""
    run = Run.objects.select_related("version__dataset").filter(pk=run_id).first()
    if run is None:
        return None
    try:
        surely(lambda: prepare(run), context, NOT_THERE)
        check_images(run, context)
    except UserError as error:
        raise JobError(error.message) from error
    with sent_meanwhile(run_files(run), context):
        train_here(run, context)
        send_surely(run_files(run), context)
    model = register(run)
    Run.objects.filter(pk=run.pk).update(paused=False, error_code="")
    run.note("ended", f"Ended well at step {run.step:,} with the model {model.name}.")
    tell_ended(run, "succeeded", model=model.pk, model_name=model.name, ap=model.ap, ap50=model.ap50)
    make_room()
    context.progress(1.0, 1.0, f"Done: AP {percent(model.ap)}, AP50 {percent(model.ap50)} at step {model.step:,}.")
    return {"run": run.pk, "model": model.pk, "steps": run.step, "val": {"ap": model.ap, "ap50": model.ap50}}


def train_here(run: Run, context: JobContext) -> None:
    """Trains in the run's folder on this machine; what goes wrong is kept with the run, told, and raised."""
    follower = RunFollower(run, context)
    note_the_start(run, context)
    try:
        with device_for(context) as device:
            code = train_to_the_end(run, context, follower, device)
    finally:
        follower.pull()
    if code != runner.DONE:
        ended = failure(code, run.directory, follower.error, context)
        note_the_failure(run, ended, follower.error)
        tell_ended(run, "failed" if isinstance(ended, JobError) else "stopped")
        raise ended


def tell_ended(run: Run, state: str, **facts: Any) -> None:
    told = {"run": run.pk, "name": run.name, "version": run.version.number, "state": state, "step": run.step, **facts}
    announce("run.finished", run.version.dataset_id, **told)


def check_images(run: Run, context: JobContext) -> None:
    """Reads every image to its end before a GPU is claimed; UserError names the damaged ones. Not for a second try."""
    if (run.directory / "records.json").is_file():
        return
    context.progress(0.0, 1.0, "Reading every image")
    refuse_if_blocked(list(check_files(run.version.manifest(), decode=True)))


def train_to_the_end(run: Run, context: JobContext, follower: RunFollower, device: Device) -> int:
    """The engine's exit code; when it was killed, it is started again a stated number of times."""
    kills = 0
    while True:
        with engine_child(run.directory, environment=device.environment) as process:
            follower.on_machine(device, MachineWatch(process.pid, device.number))
            watch(process, context, lambda: follow(run, follower))
        follower.pull()
        if process.returncode not in KILLED or kills == MOST_KILLS:
            return process.returncode
        kills += 1
        mend_after_kill(run, kills)


def follow(run: Run, follower: RunFollower) -> None:
    """Store what is new, and hand on that somebody wants the training to end well, wherever they sit."""
    follower.pull()
    finish = RunDirectory(run.directory).finish
    if not finish.exists() and Run.objects.filter(pk=run.pk, finish_requested=True).exists():
        finish.touch()


def note_the_start(run: Run, context: JobContext) -> None:
    """Says in the run's history that it goes on after its worker died: nobody asked for that."""
    if context.job.attempt > 1:
        run.note("mended", f"Its worker died; going on from the last checkpoint, attempt {context.job.attempt}.")


def note_the_failure(run: Run, error: Exception, event: Event | None) -> None:
    """Keeps why a run failed, so that its page can offer the mend that fits; a stop that was asked for is none."""
    if isinstance(error, JobError):
        run.error_code = str((event or {}).get("code", "")) or code_of(str(error))
        run.save(update_fields=["error_code"])
        run.note("failed", str(error))


def export_model(context: JobContext, model_id: int, format: str) -> dict[str, Any] | None:
    """Exports the best checkpoint of a model's run in another format; the engine writes it whole or not at all."""
    model = TrainedModel.objects.select_related("run").filter(pk=model_id).first()
    if model is None:
        return None
    folder = f"exports/{format}"
    shared = run_files(model.run)
    context.progress(0.05, 1.0, f"Exporting as {ExportFormat(format).label}")
    try:
        surely(lambda: bring_for_export(model.run), context, NOT_THERE)
    except UserError as error:
        raise JobError(error.message) from error
    with shared.at_work():
        event = run_export(context, model.run.directory, format, folder)
        send_surely(shared, context, folder)
    export = record_export(model, format, folder, event)
    context.progress(1.0, 1.0, f"Exported as {export.get_format_display()}.")
    return {"export": export.pk, "model": model.pk, "format": format}


def bring_for_export(run: Run) -> None:
    """All that an export reads, onto the disk of a machine that has not trained the run."""
    run_files(run).bring(exact=True)
    if not (run.directory / "records.json").is_file() and bucket():
        prepare(run)
        (run.directory / DATA_GONE).touch()


def run_export(context: JobContext, directory: Path, format: str, folder: str) -> Event:
    """The engine's export command in a child; gives its `export` event."""
    events_file = directory / "events.jsonl"
    start = events_file.stat().st_size if events_file.is_file() else 0
    arguments = ("export", "--format", format, "--output", str(directory / folder), "--checkpoint", "best")
    write_records_again(context, directory)
    with device_for(context) as device, engine_child(directory, *arguments, environment=device.environment) as process:
        watch(process, context, lambda: None)
    events, _ = runner.read_events(events_file, start)
    last: dict[str, Event] = {event["type"]: event for event in events if "type" in event}
    if process.returncode != runner.DONE or not (directory / folder).is_dir():
        raise failure(process.returncode, directory, last.get("error"), context)
    return last.get("export", {})


def write_records_again(context: JobContext, directory: Path) -> None:
    """The records an export is measured on, where the disk budget has taken them away."""
    if (directory / "records.json").is_file() or not (directory / DATA_GONE).is_file():
        return
    with engine_child(directory, "records") as process:
        watch(process, context, lambda: None)


def watch(process: subprocess.Popen[bytes], context: JobContext, pull: Any) -> None:
    """Waits for the child, reading what it says; a cancel or a stopping worker leaves by the context's exception."""
    while True:
        pull()
        context.check()
        try:
            process.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return


def failure(code: int, directory: Path, error: Event | None, context: JobContext) -> Exception:
    """What to raise for a child that did not end well: its own sentence if it left one, else what its log tells."""
    tail = log_tail(directory / "log.txt")
    if tail:
        context.log(f"--- end of the engine's log ---\n{tail}")
    if code == runner.CANCELLED:
        return stopped_from_outside(context)
    if error and error.get("message"):
        return JobError(str(error["message"]))
    return JobError(explain_exit(code, tail))


def stopped_from_outside(context: JobContext) -> Exception:
    try:
        context.flush()
        context.check()
    except JobCancelled as cancelled:
        return cancelled
    except Exception as stopping:
        return stopping
    return JobError(
        "Something outside the site stopped the training, for example a restart of the machine. It saved a checkpoint: "
        "let the run go on from there."
    )
