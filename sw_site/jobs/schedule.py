"""Work that comes back: every worker looks whether something is due, and one of them starts it.

The time of the last start is a row, so it is the same on every back end, needs no process of its own, and work that
fell due while no worker ran is started by the first that does. All go by the clock of the database, because those of
the machines differ.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db.models import DateTimeField, ExpressionWrapper, Q
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from sw_site.jobs.models import ScheduledWork

logger = logging.getLogger(__name__)

#: What the setting JOB_SCHEDULE has: a name, the dotted path of a function that submits jobs and returns soon, and how
#: often in seconds.
Entry = tuple[str, str, int]


def submit_due(entries: Iterable[Entry] | None = None) -> list[str]:
    """Start what is due and nobody else has started. Gives the names."""
    started = []
    for name, path, seconds in settings.JOB_SCHEDULE if entries is None else entries:
        if take(name, timedelta(seconds=seconds)):
            import_string(path)()
            started.append(name)
    return started


def take(name: str, every: timedelta) -> bool:
    """Whether it is due and this call is the one to start it. What is new is due after one period."""
    ScheduledWork.objects.get_or_create(name=name, defaults={"last_at": Now()})
    ago = ExpressionWrapper(Now() - every, output_field=DateTimeField())
    # A last time far in the future is of a clock that was wrong: waiting for it could take years.
    ahead = ExpressionWrapper(Now() + every, output_field=DateTimeField())
    due = ScheduledWork.objects.filter(Q(last_at__lte=ago) | Q(last_at__gt=ahead), name=name)
    return due.update(last_at=Now()) == 1
