"""The whole site in one foreground process: set-up, web and workers.

`manage.py serve` alone starts sw_site.supervisor without Django; the web process that this starts comes here.
"""

from __future__ import annotations

import os
import secrets
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from gunicorn.app.base import Application
from gunicorn.util import import_app

from sw_site.env import address, env_bool, reference
from sw_site.freshness import bring_up_to_date
from sw_site.lib.process import VARIABLE, die_with_parent
from sw_site.supervisor import port_problem, serve
from sw_site.upkeep.backup.places import unfinished


class Web(Application):
    """gunicorn in the process that has set the site up, so that nothing is loaded twice."""

    def load_config(self) -> None:
        self.load_config_from_module_name_or_filename("python:sw_site.gunicorn_config")

    def load(self) -> Any:
        return import_app(self.cfg.wsgi_app)


class Command(BaseCommand):
    help = "Set up what is missing (database, static files, administrator, demo dataset), then run web and workers."

    # That is `manage.py check`'s: it would make each start longer.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--web-only", action="store_true", help="Run no workers here: they run elsewhere.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["web_only"]:
            sys.exit(serve())
        self._check_port()
        die_with_parent()
        self._check_restored()
        os.chdir(settings.BASE_DIR)
        bring_up_to_date()
        self._first_administrator()
        self._demo_dataset()
        connections.close_all()  # gunicorn's processes part from this one, and none may use another's
        host, port = address()
        self.stdout.write(f"The site is at http://{'localhost' if host in ('127.0.0.1', '0.0.0.0') else host}:{port}/")  # noqa: S104
        self.stdout.write("Ctrl-C stops it.")
        for warning in reference.warnings():
            self.stderr.write(self.style.WARNING(warning))
        sys.stdout.flush()
        Web().run()

    @staticmethod
    def _check_port() -> None:
        """Not under the supervisor, who did it: what an earlier web process left may listen for a moment longer.

        Nor in the place of a gunicorn that was told by USR2 to start its successor.
        """
        if os.environ.keys().isdisjoint({VARIABLE, "GUNICORN_FD"}) and (problem := port_problem()):
            raise CommandError(problem)

    @staticmethod
    def _check_restored() -> None:
        if unfinished().exists():
            raise CommandError(
                f"A restore of {unfinished().read_text()} did not end here. Run manage.py restore again; it goes on."
            )

    def _first_administrator(self) -> None:
        """The first account gets a random password, printed this once."""
        users = get_user_model().objects
        if users.exists():
            return
        password = secrets.token_urlsafe(12)
        users.create_superuser("admin", password=password)
        self.stdout.write(f"First administrator: admin / {password}   (shown once; change it under your name)")

    def _demo_dataset(self) -> None:
        """Once per data folder, so that a deleted demo stays deleted."""
        mark = Path(settings.DATA_DIR) / "demo-dataset-made"
        if mark.exists() or not env_bool("SW_DEMO"):
            return
        self.stdout.write("Drawing the demo dataset…")
        call_command("make_demo_dataset", stdout=self.stdout)
        mark.touch()
