"""`manage.py explain_config FILE`: what somebody's pipeline.config says, and what would be changed to train it here."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError
from training.configs import explain_file, keep, write


class Command(SiteCommand):
    help = "Explain a pipeline.config, block by block, with every change an import makes and its reason."
    changes = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help="A pipeline.config of TensorFlow 1 or 2.")
        parser.add_argument("--keep", action="store_true", help="Keep it on the site, to be trained.")

    def run(self, **options: Any) -> dict[str, Any]:
        path = Path(options["file"]).expanduser()
        if not path.is_file():
            raise UserError("no_such_file", f"There is no file {path}. Give the path of a pipeline.config.", 404)
        explained = explain_file(path)
        if options["keep"]:
            kept = keep(path.read_bytes())
            write(kept, explained)
            explained = {**explained, "reference": kept.reference}
        return explained

    def describe(self, result: dict[str, Any]) -> None:
        for row in result["blocks"]:
            self.stdout.write(f"{row['block']}: {row['sentence']}")
        self.stdout.write(f"\n{len(result['changes'])} changes:")
        for change in result["changes"]:
            after = change["after"] or "(taken out)"
            self.stdout.write(
                f"{change['field']}: {change['before'] or '(nothing)'} -> {after}\n    {change['reason']}"
            )
        if "reference" in result:
            self.stdout.write(f"Train it with manage.py train NAME --architecture {result['reference']}")
