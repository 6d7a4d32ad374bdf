"""`manage.py compare RUN RUN ...`: best figures side by side, and the settings in which the runs differ."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from sw_site.accounts.operator import operator
from sw_site.lib.commands import SiteCommand
from training.run_comparison import document, runs_to_compare
from training.words import percent


class Command(SiteCommand):
    help = "Compare from 2 to 6 runs: their best figures, and the settings in which they differ."
    changes = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("numbers", metavar="RUN", nargs="+")

    def run(self, **options: Any) -> dict[str, Any]:
        return document(runs_to_compare(operator(), options["numbers"]))

    def describe(self, result: dict[str, Any]) -> None:
        for run in result["runs"]:
            figures = f"AP {percent(run['best_ap'])}, AP50 {percent(run['best_ap50'])}"
            self.stdout.write(f"run {run['run']} “{run['name']}”: {figures}")
        for name, values in result["differences"].items():
            self.stdout.write(f"{name}: {' | '.join(values)}")
