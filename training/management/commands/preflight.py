"""`manage.py preflight NAME`: what would stop a training run or spoil its model, without starting it."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from sw_site.lib.commands import SiteCommand
from training.management.options import add_settings, asked_for
from training.preflight import preflight

WORDS = {"block": "stops it", "fix": "mended", "warn": "warning"}


class Command(SiteCommand):
    help = "Check a version and settings before a GPU is claimed; exit code 1 when a run would be refused."
    changes = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        add_settings(parser)
        parser.add_argument("--quick", action="store_true", help="Read only the heads of image files.")

    def handle(self, *args: Any, **options: Any) -> None:
        self.blocking = 0
        super().handle(*args, **options)
        if self.blocking:
            raise CommandError(f"A run would be refused: {self.blocking} findings stop it.")

    def run(self, **options: Any) -> dict[str, Any]:
        version, config, base = asked_for(options)
        findings = preflight(version, config, base, decode=not options["quick"])
        self.blocking = sum(finding.blocks for finding in findings)
        return {"ok": not self.blocking, "version": version.number, "findings": [asdict(one) for one in findings]}

    def describe(self, result: dict[str, Any]) -> None:
        for finding in result["findings"]:
            self.stdout.write(f"{WORDS[finding['level']]:9} {finding['message']}")
        if result["ok"]:
            self.stdout.write("Nothing stands in the way of a run.")
