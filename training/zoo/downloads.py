"""Downloads of zoo archives: asking for one, and the job that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse

from sw_site.jobs.context import JobContext
from sw_site.jobs.errors import JobError
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import create_job, enqueue
from sw_site.lib.errors import UserError
from training.words import size
from training.zoo import store
from training.zoo.catalogue import SUFFIX, ZOO, ZooModel
from training.zoo.fetching import fetch

if TYPE_CHECKING:
    from sw_site.accounts.models import User

KIND = "zoo"


def may_add_starts(user: User | None) -> bool:
    """Files that come onto the server are for those who run it; everybody may start from what is there."""
    return bool(user and user.is_active and user.is_staff)


def refuse_unless_staff(user: User | None) -> None:
    if not may_add_starts(user):
        raise UserError("not_allowed", "Only an administrator may add archives. Ask one to do it.", 403)


def model_named(name: str) -> ZooModel:
    """The model of the catalogue; UserError when there is none."""
    if name not in ZOO:
        raise UserError("no_such_model", f"The zoo has no “{name}”. manage.py zoo list names what there is.", 404)
    return ZOO[name]


def request_download(name: str, *, user: User | None = None, submit: bool = True) -> Job:
    """The job that fetches an archive; one already on its way is given back instead of a second."""
    model = model_named(name)
    if name in store.archives():
        raise UserError("there_already", f"{model.title} is on this server already. Choose it as a start.", 409)
    waiting = active().get(name)
    if waiting:
        return waiting
    job = create_job(
        download, kind=KIND, title=f"Download {model.title}", payload={"name": name}, user=user,
        subject_url=f"{reverse('training:start-list')}#{name}",
    )  # fmt: skip
    if submit:
        enqueue(job)
    return job


def active() -> dict[str, Job]:
    """Downloads on their way, by the name of their model."""
    return {job.payload["name"]: job for job in Job.objects.active().filter(kind=KIND)}


def failures() -> dict[str, str]:
    """Why the latest download of a model failed, by its name; nothing of one that went well or is on its way."""
    latest = {job.payload["name"]: job for job in Job.objects.filter(kind=KIND).defer("log").order_by("pk")}
    return {name: job.error for name, job in latest.items() if job.state == JobState.FAILED}


def address_of(model: ZooModel) -> str:
    """Where an archive lies: a browser may reach it where this server does not."""
    return f"{settings.ZOO_URL}{model.address}"


def download(context: JobContext, name: str) -> dict[str, Any]:
    """Job: fetch, compare with the checksum, look into the archive, keep it."""
    try:
        archive = bring(context, model_named(name))
    except UserError as error:
        raise JobError(error.message) from error
    context.progress(1.0, 1.0, f"{archive.title}: {size(archive.bytes)}, checksum {archive.known}.")
    return {"name": name, "bytes": archive.bytes, "sha256": archive.sha256, "checksum": archive.known}


def bring(context: JobContext, model: ZooModel) -> store.Archive:
    part = store.folder() / f"{model.name}{SUFFIX}.part"

    def report(done: int, total: int) -> None:
        total = total or model.bytes
        of = f" of {size(total)}" if total else ""
        context.step(0.95 * done / total if total else 0.0, 1.0, f"{size(done)}{of}")

    fetch(address_of(model), part, settings.ZOO_URL, report)
    context.step(0.95, 1.0, "Comparing the checksum")
    try:
        digest = store.digest_of(part)
        known = store.judged(model, digest)
        context.step(0.97, 1.0, "Looking into the archive")
        return store.take_in(part, model.name, f"{model.name}{SUFFIX}", digest, "zoo", known)
    except UserError:
        part.unlink(missing_ok=True)
        raise
