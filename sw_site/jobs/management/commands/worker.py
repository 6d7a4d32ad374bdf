"""A worker: takes jobs from the queues named, and looks after those whose worker died."""

from __future__ import annotations

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from sw_site.jobs.backends import backend
from sw_site.jobs.hosts import here, queue_for
from sw_site.jobs.housekeeping import Housekeeper
from sw_site.jobs.queue import run_next
from sw_site.lib.brokers import QUEUES
from sw_site.lib.process import die_with_parent


class Command(BaseCommand):
    help = "Run background work (queues: default, gpu) with the engine that SW_TASKS names."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--queues", default=",".join(QUEUES), help="Comma-separated (default: %(default)s).")
        parser.add_argument(
            "--interval", type=float, default=0.5, help="Seconds between looks at an empty queue of the database."
        )
        parser.add_argument("--batch", action="store_true", help="Do what is waiting, then leave; needs no broker.")

    def handle(self, *, queues: str, interval: float, batch: bool, **options: object) -> None:
        die_with_parent()
        names = [name.strip() for name in queues.split(",") if name.strip()]
        if unknown := set(names) - set(QUEUES):
            raise CommandError(f"There is no queue {', '.join(sorted(unknown))}. Choose of {', '.join(QUEUES)}.")
        if batch:
            while run_next(names) is not None:
                pass
            return
        self.stdout.write(f"Worker of {', '.join(names)}, through {settings.SW_TASKS}.")
        connections.close_all()  # no process that is forked from here on shares a connection
        housekeeper = Housekeeper(names)
        own = [queue_for(name, here()) for name in names]
        backend().work([*own, *names], interval, housekeeper.start)
