from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.lookup import dataset_by_name
from datasets.versions.freeze import freeze, parse_fractions
from sw_site.lib.commands import SiteCommand


class Command(SiteCommand):
    help = "Freeze the present labels of a dataset as a numbered version with a seeded, stratified split."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="Name of the dataset.")
        parser.add_argument("--split", default="0.7,0.15,0.15", help="Shares of train, val, test, or “files”.")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--part-shots", action="store_true", help="Let pictures of one shot fall into different splits."
        )

    def run(self, **options: Any) -> dict[str, Any]:
        dataset = dataset_by_name(options["name"])
        version = freeze(
            dataset, parse_fractions(options["split"]), options["seed"], shots_together=not options["part_shots"]
        )
        return {
            "dataset": dataset.name,
            "version": version.number,
            "content_hash": version.content_hash,
            "images": version.image_count,
            "boxes": version.box_count,
            "splits": version.counts,
        }

    def describe(self, result: dict[str, Any]) -> None:
        self.stdout.write(
            f"{result['dataset']} version {result['version']}: {result['images']:,} images, {result['boxes']:,} boxes"
        )
        for split, counts in result["splits"].items():
            per_class = ", ".join(f"{name} {n}" for name, n in counts["classes"].items())
            self.stdout.write(f"  {split}: {counts['images']} images, {counts['boxes']} boxes ({per_class})")
