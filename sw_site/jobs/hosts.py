"""Machines by their names: the one we are on, and the queue of what only one of them is to do."""

from __future__ import annotations

import os

from django.conf import settings

MARK = "@"


def here() -> str:
    """This machine's name among the workers (SW_HOST_NAME, else the host name)."""
    return str(settings.HOST_NAME)


def this_worker() -> str:
    return f"{here()}:{os.getpid()}"


def host_of(worker: str) -> str:
    return worker.rpartition(":")[0]


def queue_for(queue: str, host: str) -> str:
    """The queue whose messages only workers of that machine get; the common one without a machine."""
    return f"{queue}{MARK}{host}" if host else queue


def plain(queue: str) -> str:
    return queue.partition(MARK)[0]
