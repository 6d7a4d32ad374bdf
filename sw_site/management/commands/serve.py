"""The whole site in one foreground process: set-up, web and workers.

`manage.py serve` alone starts sw_site.supervisor without Django; the web process that this starts comes here.
"""

from __future__ import annotations

import os
import secrets
import socket
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

from sw_site.env import env_bool, env_int, env_str
from sw_site.freshness import bring_up_to_date
from sw_site.lib.process import die_with_parent
from sw_site.supervisor import serve
from sw_site.upkeep.backup.places import unfinished


class Web(Application):
    """gunicorn in the process that has set the site up, so that nothing is loaded twice."""

    def load_config(self) -> None:
        self.load_config_from_module_name_or_filename("python:sw_site.gunicorn_config")

    def load(self) -> Any:
        return import_app(self.cfg.wsgi_app)


class Command(BaseCommand):
    help = "Set up what is missing (database, static files, administrator, demo dataset), then run web and workers."

    # The web process looks at itself when it starts; to load all pages here as well would take as long as that.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--web-only", action="store_true", help="Run no workers here: they run elsewhere.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["web_only"]:
            sys.exit(serve())
        die_with_parent()
        host, port = env_str("HOST", "127.0.0.1"), env_int("PORT", 8000)
        self._check_port(host, port)
        self._check_restored()
        os.chdir(settings.BASE_DIR)
        bring_up_to_date()
        self._first_administrator()
        self._demo_dataset()
        connections.close_all()  # gunicorn's processes part from this one, and none may use another's
        self.stdout.write(f"The site is at http://{'localhost' if host in ('127.0.0.1', '0.0.0.0') else host}:{port}/")  # noqa: S104
        self.stdout.write("Ctrl-C stops it.")
        sys.stdout.flush()
        Web().run()

    @staticmethod
    def _check_port(host: str, port: int) -> None:
        if "GUNICORN_FD" in os.environ:  # taken over from a gunicorn that USR2 told to start this one
            return
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CommandError(
                    f"Port {port} on {host} cannot be used ({error.strerror}). Choose another: make run PORT=8001"
                ) from error

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
        if mark.exists() or not env_bool("SW_DEMO", True):
            return
        self.stdout.write("Drawing the demo dataset…")
        call_command("make_demo_dataset", stdout=self.stdout)
        mark.touch()
