"""`manage.py jobs list|show|cancel|retry|move|workers`: background work, and who does it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from sw_site.jobs import actions
from sw_site.jobs.models import Job, JobState, Worker
from sw_site.jobs.workers import queue_lengths
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError

SHOWN = 50


class Command(SiteCommand):
    help = "List jobs and workers; cancel a job, try it again, or choose the machine for it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("action", choices=["list", "show", "cancel", "retry", "move", "workers"])
        parser.add_argument("number", metavar="JOB", type=int, nargs="?", help="The job's number.")
        parser.add_argument("--state", choices=JobState.values, help="With list: only these.")
        parser.add_argument("--host", default="", metavar="NAME", help="With move: the machine; without it, any.")

    def run(self, **options: Any) -> dict[str, Any]:
        if options["action"] == "workers":
            return workers_document()
        if options["action"] == "list":
            jobs = Job.objects.filter(state=options["state"]) if options["state"] else Job.objects.all()
            return {"jobs": [document(job) for job in jobs[:SHOWN]]}
        job = Job.objects.filter(pk=options["number"] or 0).first()
        if job is None:
            raise UserError("no_such_job", f"There is no job {options['number'] or 'without a number'}.", 404)
        if options["action"] == "cancel":
            actions.cancel_job(job)
        elif options["action"] == "retry":
            actions.retry_job(job)
        elif options["action"] == "move":
            actions.move_job(job, options["host"])
        return {"jobs": [document(job)]}

    def describe(self, result: dict[str, Any]) -> None:
        for job in result.get("jobs", []):
            where = f" on {job['worker'] or job['host']}" if job["worker"] or job["host"] else ""
            self.stdout.write(f"{job['job']:>6}  {job['state']:9}  {job['title']}{where}  {job['message']}".rstrip())
        for worker in result.get("workers", []):
            there = "there" if worker["there"] else "gone"
            self.stdout.write(f"{worker['worker']:40}  {there}  {', '.join(worker['queues'])}")
        for queue, states in result.get("queues", {}).items():
            self.stdout.write(f"{queue}: " + ", ".join(f"{many} {state}" for state, many in states.items()))


def document(job: Job) -> dict[str, Any]:
    """The JSON of docs/cli.md."""
    names = ("kind", "title", "queue", "state", "progress", "message", "error", "host", "worker", "attempt", "priority")
    return {"job": job.pk, **{name: getattr(job, name) for name in names}}


def workers_document() -> dict[str, Any]:
    workers = [
        {
            "worker": one.name, "host": one.host, "queues": one.queues, "there": one.is_alive,
            "seen_at": str(one.seen_at), "reading": one.reading,
        }
        for one in Worker.objects.order_by("host", "name")
    ]  # fmt: skip
    return {"workers": workers, "queues": {queue: dict(states) for queue, states in queue_lengths().items()}}
