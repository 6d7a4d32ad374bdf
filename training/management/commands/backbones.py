"""`manage.py backbones list|add FILE`: ImageNet weights to start from."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from sw_site.accounts.operator import operator
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError
from training.bases import backbone_names, save_backbone


class Command(SiteCommand):
    help = "List the backbone files that runs may start from, or add one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("action", choices=["list", "add"])
        parser.add_argument("file", metavar="FILE", type=Path, nargs="?", help="With add: a .weights.h5 file of Keras.")

    def run(self, **options: Any) -> dict[str, Any]:
        if options["action"] == "add":
            return {"added": save_backbone(as_upload(options["file"]), operator()), "backbones": backbone_names()}
        return {"backbones": backbone_names()}

    def describe(self, result: dict[str, Any]) -> None:
        for name in result["backbones"]:
            self.stdout.write(f"{name}  (manage.py train NAME --base backbone:{name})")
        if not result["backbones"]:
            self.stdout.write("No backbone is here. Add one with manage.py backbones add FILE.weights.h5.")


def as_upload(path: Path | None) -> SimpleUploadedFile:
    if path is None:
        raise UserError("nothing_named", "Say which file to add.")
    try:
        return SimpleUploadedFile(path.name, path.expanduser().read_bytes())
    except OSError as error:
        raise UserError("no_file", f"{path} cannot be read: {error.strerror}.") from error
