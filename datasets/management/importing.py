"""What the commands that import have in common."""

from __future__ import annotations

from typing import Any

from sw_site.jobs.models import Job
from sw_site.jobs.waiting import wait_for


def wait_for_import(job: Job, description: str = "Importing", *, quiet: bool = False) -> dict[str, Any]:
    """The report of an import that is run now. UserError `import_failed` with its sentence."""
    kept = "Run the same command again: nothing goes in twice."
    return wait_for(job, description, quiet=quiet, code="import_failed", kept=kept).result or {}
