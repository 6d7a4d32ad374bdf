"""What people can do with runs and models, one function each: pages, API and commands all call these."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import transaction

from sw_site.jobs.actions import refuse_unknown_host
from sw_site.jobs.models import Job
from sw_site.jobs.queue import create_job, enqueue
from sw_site.lib.errors import UserError
from training import jobs
from training.bases import NOTHING, Base
from training.config import TrainingSettings, chosen_in
from training.models import Export, ExportFormat, Run, TrainedModel
from training.overriding import refuse_bad_overrides
from training.preflight import preflight, refuse_if_blocked

if TYPE_CHECKING:
    from datasets.models import DatasetVersion
    from sw_site.accounts.models import User

NAME_LENGTH = 100


def start_run(
    version: DatasetVersion,
    config: TrainingSettings,
    *,
    user: User | None = None,
    name: str = "",
    base: Base = NOTHING,
    host: str = "",
    submit: bool = True,
) -> Run:
    """A run of this version and the job that trains it; UserError when the preflight check blocks it.

    `host` is the only machine that may train it, empty for any. With `submit=False` the job is made and not queued:
    the caller runs it (`run_here(run.job)`).
    """
    name = name.strip()
    refuse_taken_name(name)
    refuse_unknown_host(host, jobs.QUEUE)
    refuse_if_blocked(preflight(version, config, base))
    refuse_bad_overrides(version, config, base)
    with transaction.atomic():
        run = Run.objects.create(
            version=version,
            name=name or "new run",
            config={},
            base_model=base.model,
            seed=config.seed,
            steps=config.steps,
            created_by=user,
        )
        run.name = name or f"{version.dataset.name} v{version.number} #{run.pk}"[-NAME_LENGTH:]
        run.config = config.run_json(run.name, base.to_json())
        run.save(update_fields=["name", "config"])
        job = queue_training(run, user, host)
        run.note("started", f"Made: {run.steps:,} steps on {version}, from {base.label}.", user)
        if submit:
            enqueue(job)
    return run


def queue_training(run: Run, user: User | None, host: str = "") -> Job:
    """The job that trains a run; it is not queued yet."""
    job = create_job(
        jobs.train,
        kind="train",
        title=f"Train {run.name}",
        payload={"run_id": run.pk},
        user=user,
        queue=jobs.QUEUE,
        host=host,
        subject_url=run.get_absolute_url(),
    )
    run.job = job
    run.save(update_fields=["job"])
    return job


def refuse_taken_name(name: str) -> None:
    """Models are named after their runs, so a name can be given once."""
    if len(name) > NAME_LENGTH:
        raise UserError(
            "bad_name", f"That name has {len(name)} characters; {NAME_LENGTH} is the most there is room for.", 422
        )
    if name.removeprefix("m").isdigit():
        raise UserError("bad_name", f"“{name}” looks like a model's number. Choose a name with words in it.", 422)
    if name and TrainedModel.objects.filter(name=name).exists():
        raise UserError("name_taken", f"There is a model called “{name}” already. Choose another name.", 422)


def request_export(model: TrainedModel, format: str, *, user: User | None = None, submit: bool = True) -> Job:
    """The job that exports a model in a format; one already on its way is given back instead of a second.

    UserError for an unknown format, and when the export is there already: a model never changes, so neither does it.
    """
    if format not in ExportFormat.values:
        words = ", ".join(ExportFormat.values)
        raise UserError("bad_format", f"“{format}” is not a format models are exported in. Choose one of {words}.", 422)
    if format not in model.export_formats:
        words = ", ".join(model.export_formats)
        raise UserError(
            "bad_format", f"This kind of network cannot be written as {format}. Choose one of {words}.", 422
        )
    if export_of(model, format):
        raise UserError(
            "exported_already", f"{model.name} is exported as {ExportFormat(format).label}: download it.", 409
        )
    payload = {"model_id": model.pk, "format": format}
    waiting = Job.objects.active().filter(kind="export", payload__model_id=model.pk, payload__format=format).first()
    if waiting:
        return waiting
    job = create_job(
        jobs.export_model,
        kind="export",
        title=f"Export {model.name} as {ExportFormat(format).label}",
        payload=payload,
        user=user,
        queue="gpu",
        subject_url=model.get_absolute_url(),
    )
    if submit:
        enqueue(job)
    return job


def export_of(model: TrainedModel, format: str) -> Export | None:
    """The export in this format whose files are there."""
    export = model.exports.filter(format=format).first()
    return export if export and export.is_there else None


def settings_like(run: Run) -> TrainingSettings:
    """The settings an earlier run was made with, for running it again."""
    return replace(TrainingSettings(steps=run.steps), **chosen_in(run.config))
