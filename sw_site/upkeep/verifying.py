"""`manage.py verify`, the page and the API: all checks over the whole site, as one report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from datasets.verifying.files import check_files, check_versions
from datasets.verifying.labels import check_labels
from sw_site.jobs.context import JobContext
from sw_site.jobs.models import Job
from sw_site.jobs.queue import submit
from sw_site.lib.errors import UserError
from sw_site.lib.findings import Finding, Scope, Tally
from sw_site.upkeep.background import check_database, check_jobs, unapplied
from sw_site.upkeep.strays import check_rows, check_strays
from training.verifying import check_models, check_shared

if TYPE_CHECKING:
    from sw_site.accounts.models import User

Check = Callable[[Scope], Iterator[Finding]]
KIND = "verification"

#: In this order: the later ones read rows that the first says are sound.
CHECKS: dict[str, tuple[str, Sequence[Check]]] = {
    "database": ("the database", (check_database,)),
    "files": ("files that rows name", (check_rows, check_files)),
    "labels": ("boxes, counts and history", (check_labels,)),
    "versions": ("versions against their hash", (check_versions,)),
    "models": ("runs and models", (check_models, check_shared)),
    "jobs": ("background work", (check_jobs,)),
    "strays": ("files that nobody names", (check_strays,)),
}


def verify(
    only: Iterable[str] = (),
    *,
    deep: bool = False,
    mend: bool = False,
    progress: Callable[[float, float, str], None] = lambda done, total, message: None,
    tick: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Run the checks named (all, without names) and give their report: see docs/cli.md.

    `tick` is called often; what it raises ends the work. With `mend`, what was mended until then stays mended.

    Raises:
        UserError: there is no check of that name.
    """
    names = list(only) or list(CHECKS)
    if unknown := [name for name in names if name not in CHECKS]:
        raise UserError("unknown_check", f"There is no check “{unknown[0]}”. Choose from: {', '.join(CHECKS)}.")
    begun, scope, tally = time.monotonic(), Scope(deep, tick), Tally(mend)
    behind = list(unapplied())
    for finding in behind:
        tally.add(finding)
    for done, name in enumerate(() if behind else names):  # tables that are not there cannot be looked at
        title, checks = CHECKS[name]
        progress(done, len(names), f"Looking at {title}")
        for check in checks:
            for finding in check(scope):
                tick()
                tally.add(finding)
    found = {**tally.as_json(), "checks": names, "deep": deep, "looked_at": dict(sorted(scope.looked_at.items()))}
    return {**found, "seconds": round(time.monotonic() - begun, 2)}


def sentence(report: dict[str, Any]) -> str:
    """The report in one line."""
    looked = report["looked_at"]
    over = ", ".join(f"{looked[name]:,} {name}" for name in ("images", "boxes", "files", "versions") if name in looked)
    said = [f"{report['found']:,} found"] if report["found"] else ["Everything is in order"]
    said += [f"{report[name]:,} {word}" for name, word in WORDS.items() if report[name]]
    return f"{', '.join(said)}{f' ({over})' if over else ''}."


WORDS = {"mended": "mended", "left": "still there", "untidy": "only untidy"}


def run_verification(context: JobContext, deep: bool, mend: bool) -> dict[str, Any]:
    """Job: verify the whole site."""
    report = verify(deep=deep, mend=mend, progress=context.step, tick=context.check)
    context.progress(1, 1, sentence(report))
    return report


def start_verification(user: User | None, *, deep: bool = False, mend: bool = False) -> Job:
    """Queue a verification; the one that is on its way already if it asks for the same."""
    payload = {"deep": deep, "mend": mend}
    title = "Check of the whole site" + (", mending" if mend else "")
    for job in Job.objects.active().filter(kind=KIND):
        if job.payload == payload:
            return job
    return submit(run_verification, kind=KIND, title=title, payload=payload, user=user, subject_url=reverse("upkeep"))
