from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from sw_site.lib.commands import SiteCommand, progress_bar
from sw_site.upkeep.backup.folder import backup_folder
from sw_site.upkeep.backup.restoring import restore


class Command(SiteCommand):
    help = "Bring the site back from a backup, into an empty DATA_DIR and database."
    changes = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("folder", nargs="?", default="", help="Where backups are kept (default: SW_BACKUP_DIR).")
        parser.add_argument(
            "--snapshot", default="", help="Name of a snapshot, or its beginning (default: the newest)."
        )

    def run(self, **options: Any) -> dict[str, Any]:
        with progress_bar("Restoring") as report:
            return restore(
                backup_folder(options["folder"]),
                options["snapshot"],
                lambda done, total, text: report(done / max(1, total), text),
            )

    def describe(self, result: dict[str, Any]) -> None:
        self.stdout.write(
            f"{result['snapshot']}: {result['files']:,} files and {result['rows']:,} rows are back, as they were at "
            f"{result['made_at']}. Start the site."
        )
