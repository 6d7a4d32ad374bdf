from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from sw_site.lib.commands import SiteCommand, progress_bar
from sw_site.lib.errors import UserError
from sw_site.upkeep.backup.folder import backup_folder, check_backups, list_snapshots, sentence
from sw_site.upkeep.backup.making import make_backup


class Command(SiteCommand):
    help = "Back up database and files while people work; files that did not change are not copied again."
    changes = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("folder", nargs="?", default="", help="Where backups are kept (default: SW_BACKUP_DIR).")
        parser.add_argument("--keep", type=int, default=0, metavar="N", help="Drop all but the newest N afterwards.")
        parser.add_argument("--list", action="store_true", help="Only list the snapshots that are there.")
        parser.add_argument("--check", action="store_true", help="Only read all that is there and compare its hashes.")

    def run(self, **options: Any) -> dict[str, Any]:
        if options["keep"] < 0:
            raise UserError("not_valid", "--keep must be 1 or more; without it nothing is dropped.")
        folder = backup_folder(options["folder"])
        if options["list"]:
            return {"folder": str(folder), "snapshots": list_snapshots(folder)}
        if options["check"]:
            return check_backups(folder)
        with progress_bar("Backing up") as report:
            return make_backup(folder, options["keep"], lambda done, total, text: report(done / max(1, total), text))

    def describe(self, result: dict[str, Any]) -> None:
        if "contents" in result:
            self.stdout.write(f"{result['snapshots']:,} snapshots are whole ({result['contents']:,} contents read).")
        elif "snapshots" in result:
            for row in result["snapshots"]:
                about = (
                    f"{row['files']:>9,} files {row['bytes']:>16,} bytes  release {row['release']}"
                    if "files" in row
                    else row["damaged"]
                )
                self.stdout.write(f"{row['snapshot']}  {about}")
        else:
            self.stdout.write(sentence(result))
