from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from sw_site.lib.commands import SiteCommand, progress_bar
from sw_site.upkeep.verifying import CHECKS, sentence, verify


class Command(SiteCommand):
    help = "Look whether everything the site holds is whole: files, boxes, history, versions, models, jobs."
    changes = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--only", default="", metavar="CHECKS", help=f"Comma-separated: {', '.join(CHECKS)}.")
        parser.add_argument("--deep", action="store_true", help="Read every file and compare its hash.")
        parser.add_argument("--mend", action="store_true", help="Put right what can be without losing anything.")

    def handle(self, *args: Any, **options: Any) -> None:
        self.left = 0
        super().handle(*args, **options)
        if self.left:
            raise CommandError(f"{self.left:,} found and not mended.", returncode=1)

    def run(self, **options: Any) -> dict[str, Any]:
        only = [name.strip() for name in options["only"].split(",") if name.strip()]
        with progress_bar("Verifying") as report:
            result = verify(
                only, deep=options["deep"], mend=options["mend"],
                progress=lambda done, total, message: report(done / total, message),
            )  # fmt: skip
        self.left = result["left"]
        return result

    def describe(self, result: dict[str, Any]) -> None:
        for row in result["problems"]:
            mark = "mended" if row["mended"] else "untidy" if row["untidy"] else "WRONG"
            self.stdout.write(f"{mark:>7}  {row['subject']}: {row['message']}  [{row['code']}]")
        unseen = result["found"] - len(result["problems"])
        if unseen:
            self.stdout.write(f"… and {unseen:,} more of the same kinds.")
        self.stdout.write(sentence(result))
