from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings

from sw_site.env import reference
from sw_site.lib.commands import SiteCommand

DOCUMENT = Path("docs", "settings.md")


class Command(SiteCommand):
    help = "The environment variables of this site and what is in force; of secrets only whether they are set."
    changes = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--reference", action="store_true", help=f"Renew the tables in {DOCUMENT} instead.")

    def run(self, **options: Any) -> dict[str, Any]:
        if options["reference"]:
            file = Path(settings.BASE_DIR) / DOCUMENT
            file.write_text(reference.renewed(file.read_text()))
        return {"settings": reference.in_force(), "warnings": reference.warnings()}

    def describe(self, result: dict[str, Any]) -> None:
        group = ""
        for row in result["settings"]:
            if row["group"] != group:
                group = row["group"]
                self.stdout.write(f"\n{group}")
            value = "(secret)" if row["value"] is None else row["value"] or f"({row['otherwise']})"
            self.stdout.write(f"  {'*' if row['set'] else ' '} {row['name']:<24}{value}")
        self.stdout.write("\n* is set; in brackets what holds without it. What each does: docs/settings.md.")
        for warning in result["warnings"]:
            self.stderr.write(self.style.WARNING(warning))
