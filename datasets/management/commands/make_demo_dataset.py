from __future__ import annotations

import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from datasets.demo.export import write_demo, write_demo_zip
from datasets.importing.importer import ImportOptions
from datasets.jobs import import_job
from datasets.management.importing import wait_for_import
from datasets.models import Dataset
from sw_site.lib.commands import SiteCommand, progress_bar
from sw_site.lib.errors import UserError


class Command(SiteCommand):
    help = "Draw the demo dataset (two cartoon droids, exact boxes) and import it; or only write it with --output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dataset", default="Demo droids", help="Name of the dataset (%(default)s).")
        parser.add_argument("--count", type=int, default=280, help="How many images (%(default)s).")
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--output", type=Path, help="Write a folder, or a .zip, instead of importing.")

    def run(self, **options: Any) -> dict[str, Any]:
        if not 1 <= options["count"] <= 100_000:
            raise UserError("bad_count", "Ask for 1 to 100,000 images.")
        with progress_bar("Drawing") as report:

            def progress(done: int, total: int) -> None:
                report(done / total, f"{done} of {total}")

            if options["output"]:
                return self._write(options, progress)
            with tempfile.TemporaryDirectory() as folder:
                write_demo(Path(folder), options["count"], options["seed"], progress)
                return self._import(Path(folder), options["dataset"])

    @staticmethod
    def _write(options: dict[str, Any], progress: Any) -> dict[str, Any]:
        output: Path = options["output"]
        write = write_demo_zip if output.suffix == ".zip" else write_demo
        write(output, options["count"], options["seed"], progress)
        return {"output": str(output), "images": options["count"]}

    @staticmethod
    def _import(folder: Path, name: str) -> dict[str, Any]:
        dataset, _ = Dataset.objects.get_or_create(
            name=name,
            defaults={"description": "Two cartoon droids, drawn by this site in code: try the whole road with them."},
        )
        label_map = (folder / "label_map.pbtxt").read_text()
        job = import_job(dataset, folder, ImportOptions({}, label_map))
        return {"dataset": dataset.name, **wait_for_import(job, quiet=True)}

    def describe(self, result: dict[str, Any]) -> None:
        if "output" in result:
            self.stdout.write(f"{result['images']} images written to {result['output']}.")
        else:
            self.stdout.write(
                f"“{result['dataset']}”: {result['images_added']} images and {result['boxes_added']} boxes added."
            )
