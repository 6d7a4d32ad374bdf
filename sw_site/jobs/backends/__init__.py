"""One module per engine of background work; SW_TASKS names the one in use, and no other is imported.

Each has a sender (what django.tasks calls for a message), `pending` and `work`. None of them knows a Job: what a
message leads to is `sw_site.jobs.queue.look_for_work`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from django.conf import settings


class BrokerGone(Exception):
    """What carries the messages cannot be reached."""


class Backend(Protocol):
    """What each module offers."""

    def pending(self, queue: str) -> int:
        """How many messages of a queue nobody has taken yet.

        Raises:
            BrokerGone: it cannot be asked.
        """
        ...

    def work(self, queues: list[str], interval: float, started: Callable[[], None]) -> None:
        """Run what messages of these queues ask for until SIGTERM or SIGINT; then the running job is put back.

        `interval`: seconds between two looks, where looking is how it waits. `started` is called once, in the process
        that stays.
        """
        ...


def backend() -> Backend:
    return cast(Backend, import_module(f"{__name__}.{settings.SW_TASKS}"))
