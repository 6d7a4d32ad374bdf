from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings

from sw_site.lib.commands import SiteCommand, progress_bar
from sw_site.lib.files.moving import copy_files
from training.sharing.moving import move_shared


class Command(SiteCommand):
    help = "Copy the site's files from DATA_DIR into the bucket (SW_S3_BUCKET), or with --back out of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--back", action="store_true", help="From the bucket to the disk.")

    def run(self, **options: Any) -> dict[str, Any]:
        with progress_bar("Copying") as report:

            def progress(done: int, total: int, message: str) -> None:
                report(done / max(1, total), message)

            copied = copy_files(Path(settings.MEDIA_ROOT), back=options["back"], progress=progress)
            return {**copied, "folders": move_shared(back=options["back"], progress=progress)}

    def describe(self, result: dict[str, Any]) -> None:
        size, there = result["bytes"] / 1e6, result["there_already"]
        self.stdout.write(
            f"{result['copied']:,} files copied ({size:,.1f} MB), {there:,} were there; "
            f"{result['folders']:,} folders of runs and what they start from compared."
        )
