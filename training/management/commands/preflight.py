"""`manage.py preflight NAME`: what would stop a training run or spoil its model, without starting it."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from datasets.lookup import dataset_by_name, version_of
from sw_site.lib.commands import SiteCommand
from training.bases import NOTHING, base_from_reference
from training.config import TrainingSettings
from training.preflight import preflight
from training.presets import FREEZES

SETTINGS = ("architecture", "steps", "batch_size", "input_size", "depth_multiplier", "learning_rate", "freeze")
WORDS = {"block": "stops it", "fix": "mended", "warn": "warning"}


class Command(SiteCommand):
    help = "Check a version and settings before a GPU is claimed; exit code 1 when a run would be refused."
    changes = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("dataset", metavar="NAME", help="The dataset's name, or its short name in addresses.")
        parser.add_argument("--version", dest="number", type=int, metavar="N", help="Default: the newest.")
        parser.add_argument("--base", metavar="START", help="What the run would start from, as for manage.py train.")
        parser.add_argument("--architecture", metavar="NAME")
        for name in ("steps", "batch-size", "input-size"):
            parser.add_argument(f"--{name}", type=int, metavar="N")
        for name in ("depth-multiplier", "learning-rate"):
            parser.add_argument(f"--{name}", type=float, metavar="X")
        parser.add_argument("--freeze", choices=FREEZES, help="What is kept of the start at first.")
        parser.add_argument("--quick", action="store_true", help="Read only the heads of image files.")

    def handle(self, *args: Any, **options: Any) -> None:
        self.blocking = 0
        super().handle(*args, **options)
        if self.blocking:
            raise CommandError(f"A run would be refused: {self.blocking} findings stop it.")

    def run(self, **options: Any) -> dict[str, Any]:
        version = version_of(dataset_by_name(options["dataset"]), options["number"])
        base = base_from_reference(options["base"]) if options["base"] else NOTHING
        config = TrainingSettings.for_version(version, base, **{key: options[key] for key in SETTINGS})
        findings = preflight(version, config, base, decode=not options["quick"])
        self.blocking = sum(finding.blocks for finding in findings)
        return {"ok": not self.blocking, "version": version.number, "findings": [asdict(one) for one in findings]}

    def describe(self, result: dict[str, Any]) -> None:
        for finding in result["findings"]:
            self.stdout.write(f"{WORDS[finding['level']]:9} {finding['message']}")
        if result["ok"]:
            self.stdout.write("Nothing stands in the way of a run.")
