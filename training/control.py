"""What people do with a run that is there: stop it, keep what it has, let it rest, go on, go on for longer, mend it."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from django.db import transaction

from sw_site.jobs.actions import move_job
from sw_site.jobs.models import Job
from sw_site.jobs.order import queue_order
from sw_site.jobs.queue import enqueue, prioritise, retry
from sw_site.lib.errors import UserError
from training import presets
from training.actions import queue_training, settings_like, start_run
from training.bases import Base
from training.disk import GB, make_room
from training.mending import mend_for
from training.models import Run
from training.sharing.places import run_files

if TYPE_CHECKING:
    from sw_site.accounts.models import User

PRIORITIES = {"first": 50, "normal": 0, "last": -50}
#: What a run that found the disk full is given room for.
ROOM_BYTES = 2 * GB


def cancel_run(run: Run, user: User | None = None) -> Run:
    """Ask a run to stop; it saves a checkpoint first. UserError when it has ended."""
    if run.job is None or not run.job.is_active:
        raise UserError("not_active", f"{run.name} has ended already, so there is nothing to cancel.", 409)
    run.job.request_cancel()
    run.note("stopped", "Cancelled.", user)
    return run


def stop_and_keep(run: Run, user: User | None = None) -> Run:
    """Ask a running run to train no further and to end well: it measures, exports and registers what it has."""
    if run.job is None or run.job.state != "running" or not run.step:
        raise UserError(
            "not_training", f"{run.name} has not taken a step yet or is not running; cancel it instead.", 409
        )
    Run.objects.filter(pk=run.pk).update(finish_requested=True)
    run.finish_requested = True
    run.note("stopped", f"Asked to stop near step {run.step:,} and to keep what it had learnt.", user)
    return run


def pause_run(run: Run, user: User | None = None) -> Run:
    """Give the machine to others; the run saves a checkpoint and waits for somebody to resume it."""
    if run.job is None or not run.job.is_active:
        raise UserError("not_active", f"{run.name} is neither waiting nor running, so it cannot be paused.", 409)
    Run.objects.filter(pk=run.pk).update(paused=True)
    run.paused = True
    run.job.request_cancel()
    run.note("paused", f"Paused at step {run.step:,}.", user)
    return run


def resume_run(run: Run, user: User | None = None) -> Run:
    """Let a paused, failed or cancelled run go on from its last checkpoint. UserError when it is in another state."""
    if run.job is None or not retry(run.job):
        raise UserError("not_stopped", f"{run.name} is neither failed nor cancelled, so it cannot go on.", 409)
    Run.objects.filter(pk=run.pk).update(paused=False, finish_requested=False, error_code="")
    run.refresh_from_db()
    run.note("resumed", f"Goes on from its last checkpoint near step {run.step:,}.", user)
    return run


def extend_run(run: Run, steps: int, *, user: User | None = None, submit: bool = True) -> Run:
    """A run that goes on where this one ended, for `steps` more: weights, optimizer and step are taken along.

    The model of a run never changes, so what is learnt now becomes a model of its own. UserError when the run has not
    ended, has no checkpoint any more, or would become longer than a run may be.
    """
    total = run.step + steps
    if run.is_active:
        raise UserError("still_active", f"{run.name} has not ended yet; stop it first, or wait.", 409)
    if steps < 1 or total > presets.MAX_STEPS:
        raise UserError(
            "bad_setting",
            f"{steps:,} more steps make {total:,}; give at least 1, and {presets.MAX_STEPS:,} in all at most.",
            422,
        )
    if not any(name.endswith(".index") for name in run_files(run).sizes("checkpoints")):
        raise UserError(
            "no_checkpoint",
            f"The checkpoints of {run.name} are gone (its working files were removed to make room). Train on from its "
            "model instead.",
            409,
        )
    with transaction.atomic():
        longer = extension_of(run, total, user)
        run.note("extended", f"Goes on as {longer.name} to step {total:,}.", user)
        longer.note("started", f"Goes on where {run.name} ended, at step {run.step:,}.", user)
        if submit and longer.job:
            enqueue(longer.job)
    return longer


def extension_of(run: Run, total: int, user: User | None) -> Run:
    name = f"{run.name[:80]} to {total:,}"
    train = {**run.config["train"], "steps": total, "warmup_steps": presets.warmup_steps(total)}
    longer = Run.objects.create(
        version=run.version, name=name, config={**run.config, "name": name, "train": train}, base_model=run.base_model,
        seed=run.seed, steps=total, created_by=user, continues=run, step=run.step, best_step=run.best_step,
        best_ap=run.best_ap, best_ap50=run.best_ap50, best_per_class=run.best_per_class,
    )  # fmt: skip
    queue_training(longer, user)
    return longer


def set_priority(run: Run, word: str, user: User | None = None) -> Run:
    """Put a waiting run first, last, or back in its turn."""
    if word not in PRIORITIES:
        raise UserError("bad_priority", f"“{word}” is no place in the queue. Choose {', '.join(PRIORITIES)}.", 422)
    if run.job is None or not prioritise(run.job, PRIORITIES[word]):
        raise UserError("not_waiting", f"{run.name} is not waiting any more.", 409)
    run.note("queue", "Back in its turn." if word == "normal" else f"Put {word} in the queue.", user)
    return run


def set_host(run: Run, host: str, user: User | None = None) -> Run:
    """Let one machine alone train a waiting run; an empty name lets any. UserError where it cannot be."""
    if run.job is None:
        raise UserError("not_waiting", f"{run.name} is not waiting any more.", 409)
    move_job(run.job, host)
    run.note("queue", f"Waits for the machine {host}." if host else "Any machine may train it.", user)
    return run


def set_pinned(run: Run, pinned: bool, user: User | None = None) -> Run:
    """A pinned run keeps all its files whatever the disk budget says."""
    Run.objects.filter(pk=run.pk).update(pinned=pinned)
    run.pinned = pinned
    run.note("disk", "All files are kept." if pinned else "Working files may be removed to make room.", user)
    return run


def mend_run(run: Run, *, user: User | None = None, submit: bool = True) -> Run:
    """Do what the run's page offers after a failure; gives the run that goes on or begins. UserError without a mend."""
    mend = mend_for(run)
    if mend is None:
        raise UserError("no_mend", f"{run.name} has nothing that the site could mend by itself.", 409)
    run.note("mended", f"{mend.button}.", user)
    if mend.key == "make_room" and not make_room(ROOM_BYTES):
        raise UserError(
            "no_room",
            "There is nothing left that could be removed: the other runs have ended models only, are pinned, or still "
            "run. Free space on the server's disk, then let the run go on.",
            409,
        )
    if mend.change is None:
        return resume_run(run, user)
    again = start_run(run.version, mend.change(settings_like(run)), user=user, base=base_of(run), submit=submit)
    again.note("started", f"{mend.button}: made from {run.name}, which failed.", user)
    return again


def base_of(run: Run) -> Base:
    """What a run started from, to start from it once more."""
    known = {field.name for field in fields(Base)}
    stored = {key: value for key, value in run.config.get("base", {}).items() if key in known}
    return Base(**{**stored, "classes": tuple(stored.get("classes", ())), "model": run.base_model})


def place_in_queue(job: Job | None) -> int | None:
    """1 for the next one; None when it is not waiting."""
    if job is None or job.state != "queued":
        return None
    order = queue_order(job.queue)
    return order.index(job.pk) + 1 if job.pk in order else None
