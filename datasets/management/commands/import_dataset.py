from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from datasets.formats.detect import FORMATS
from datasets.importing.classes import parse_mapping
from datasets.importing.importer import EXISTING, ImportOptions
from datasets.importing.preview import preview
from datasets.importing.source import open_source
from datasets.jobs import import_job
from datasets.management.importing import wait_for_import
from datasets.models import Dataset
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError


class Command(SiteCommand):
    help = "Import a folder or zip of images and labels of any known format. May be repeated: nothing comes in twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("path", type=Path, help="A folder or a zip archive.")
        parser.add_argument("--dataset", required=True, help="Name of the dataset; made if there is none.")
        parser.add_argument("--format", default="auto", choices=["auto", *FORMATS], help="Of the labels (%(default)s).")
        parser.add_argument("--existing", default="merge", choices=list(EXISTING), help="Labels that are here already.")
        parser.add_argument(
            "--one-based", action="store_true", help="VOC coordinates count pixels from 1, as in VOC2007."
        )
        parser.add_argument("--stored-frame", action="store_true", help="Boxes of turned photos lie on them as stored.")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would happen; write nothing.")
        parser.add_argument("--label-map", type=Path, help="A .pbtxt: its classes, with its ids, and no others.")
        parser.add_argument("--map", action="append", default=[], metavar="OLD=NEW", nargs="+", help="Rename a class.")

    def run(self, **options: Any) -> dict[str, Any]:
        path = options["path"].absolute()
        open_source(path)  # says what is wrong with the path before anything is written
        mapping = parse_mapping([line for group in options["map"] for line in group])
        import_options = ImportOptions(
            mapping,
            self._label_map(options["label_map"]),
            options["format"],
            options["existing"],
            options["one_based"],
            options["stored_frame"],
        )
        if options["dry_run"]:
            return preview(Dataset.objects.filter(name=options["dataset"]).first(), path, import_options).as_json()
        dataset, _ = Dataset.objects.get_or_create(name=options["dataset"])
        job = import_job(dataset, path, import_options)
        return wait_for_import(job)

    @staticmethod
    def _label_map(path: Path | None) -> str:
        if path is None:
            return ""
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError("label_map_unreadable", f"The label map {path} cannot be read: {error}.") from error

    def describe(self, result: dict[str, Any]) -> None:
        if "class_names" in result:
            self._describe_preview(result)
            return
        self.stdout.write(
            f"{result['images_added']:,} images added, {result['images_skipped']:,} skipped, "
            f"{result['boxes_added']:,} boxes added. Classes: {', '.join(result['classes']) or 'none'}."
        )
        for old, new in result["names_mapped"].items():
            self.stdout.write(f"  {old} -> {new}")
        self._describe_problems(result)

    def _describe_preview(self, result: dict[str, Any]) -> None:
        self.stdout.write(
            f"Nothing was written. {result['title']}: {result['layout']}. {result['images_found']:,} images "
            f"({result['images_new']:,} new, {result['images_known']:,} here already), {result['boxes']:,} boxes."
        )
        for row in result["class_names"]:
            to = f" -> {row['target']}" if row["target"] != row["name"] else ""
            self.stdout.write(f"  {row['name']}{to}: {row['boxes']:,} boxes ({row['why']})")
        if result["images_labelled"]:
            self.stdout.write(f"  {result['images_labelled']:,} images are labelled already: {result['existing']}.")
        self._describe_problems(result)

    def _describe_problems(self, result: dict[str, Any]) -> None:
        for problem in result["problems"]:
            self.stdout.write(f"  {problem['file']}: {problem['message']} [{problem['code']}]")
