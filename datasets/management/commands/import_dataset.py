from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from datasets.importing.classes import parse_mapping
from datasets.importing.importer import ImportOptions
from datasets.importing.source import open_source
from datasets.jobs import import_job
from datasets.models import Dataset
from sw_site.jobs.models import JobState
from sw_site.jobs.queue import run_here
from sw_site.lib.commands import SiteCommand, progress_bar
from sw_site.lib.errors import UserError


class Command(SiteCommand):
    help = "Import a folder or zip of images with labelImg XML files. May be repeated: nothing comes in twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("path", type=Path, help="A folder or a zip archive.")
        parser.add_argument("--dataset", required=True, help="Name of the dataset; made if there is none.")
        parser.add_argument("--format", default="auto", choices=["auto", "voc"])
        parser.add_argument("--label-map", type=Path, help="A .pbtxt: its classes, with its ids, and no others.")
        parser.add_argument("--map", action="append", default=[], metavar="OLD=NEW", nargs="+", help="Rename a class.")

    def run(self, **options: Any) -> dict[str, Any]:
        path = options["path"].absolute()
        open_source(path)  # says what is wrong with the path before anything is written
        mapping = parse_mapping([line for group in options["map"] for line in group])
        import_options = ImportOptions(mapping, self._label_map(options["label_map"]))
        dataset, _ = Dataset.objects.get_or_create(name=options["dataset"])
        job = import_job(dataset, path, import_options)
        with progress_bar("Importing") as report:
            job = run_here(job, report)
        if job.state != JobState.SUCCEEDED:
            raise UserError("import_failed", job.error or "The import was stopped.")
        return job.result or {}

    @staticmethod
    def _label_map(path: Path | None) -> str:
        if path is None:
            return ""
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError("label_map_unreadable", f"The label map {path} cannot be read: {error}.") from error

    def describe(self, result: dict[str, Any]) -> None:
        self.stdout.write(
            f"{result['images_added']:,} images added, {result['images_skipped']:,} skipped, "
            f"{result['boxes_added']:,} boxes added. Classes: {', '.join(result['classes']) or 'none'}."
        )
        for old, new in result["names_mapped"].items():
            self.stdout.write(f"  {old} -> {new}")
        for problem in result["problems"]:
            self.stdout.write(f"  {problem['file']}: {problem['message']} [{problem['code']}]")
