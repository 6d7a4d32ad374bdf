from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from datasets.exporting.export import export_dataset
from datasets.formats.detect import FORMATS
from datasets.lookup import dataset_by_name, version_of
from sw_site.lib.commands import SiteCommand, progress_bar


class Command(SiteCommand):
    help = "Write a dataset, or a frozen version of it, to a folder or a zip in one of the known formats."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="Name of the dataset.")
        parser.add_argument("--format", required=True, choices=list(FORMATS))
        parser.add_argument("--version", type=int, dest="number", help="A frozen version; else the labels as they are.")
        parser.add_argument("--output", type=Path, required=True, help="A new folder, or a file that ends with .zip.")
        parser.add_argument("--images", action="store_true", help="Put the upright pictures beside the labels.")
        parser.add_argument("--originals", action="store_true", help="Put the pictures as they came beside the labels.")
        parser.add_argument("--one-based", action="store_true", help="VOC coordinates that count pixels from 1.")

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        # Django's own --version would stand in the way of ours.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def run(self, **options: Any) -> dict[str, Any]:
        dataset = dataset_by_name(options["name"])
        version = version_of(dataset, options["number"]) if options["number"] is not None else None
        with progress_bar("Exporting") as report:
            return export_dataset(
                dataset,
                options["format"],
                options["output"].absolute(),
                version,
                images=options["images"],
                originals=options["originals"],
                one_based=options["one_based"],
                progress=lambda done, total, message: report(done / total, message),
            )

    def describe(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['images']:,} images and {result['boxes']:,} boxes written to {result['output']}.")
        for name, count in result["lost"].items():
            self.stdout.write(f"  {name}: said {count:,} times, but this format has no place for it.")
        if result["unlabelled_left_out"]:
            self.stdout.write(f"  {result['unlabelled_left_out']:,} unlabelled images are not in it.")
