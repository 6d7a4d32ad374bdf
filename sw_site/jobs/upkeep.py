"""What background work leaves behind in the database."""

from __future__ import annotations

from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone

from sw_site.jobs.backends.database import forget
from sw_site.jobs.context import JobContext
from sw_site.jobs.queue import submit
from sw_site.jobs.workers import forget_gone

#: Messages are of no use once they were read; a day is for whoever looks for a fault.
MESSAGES_KEPT = timedelta(days=1)


def submit_clean_up() -> None:
    submit(clean_up, kind="clean_up", title="Clean-up of sessions and messages", payload={})


def clean_up(context: JobContext) -> dict[str, int]:
    """Job: sessions that have ended, messages that were read."""
    call_command("clearsessions")
    forget_gone()
    messages = forget(timezone.now() - MESSAGES_KEPT)
    context.progress(1, 1, f"{messages:,} messages to workers forgotten.")
    return {"messages": messages}
