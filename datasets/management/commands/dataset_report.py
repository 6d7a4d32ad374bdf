from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.health.detectors import DEFAULT, DETECTORS
from datasets.health.report import health_report
from datasets.lookup import dataset_by_name
from sw_site.lib.commands import SiteCommand


class Command(SiteCommand):
    help = "The health of a dataset: classes, boxes, sizes, leaks between splits, with a sentence of advice on each."
    changes = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="Name of the dataset.")
        parser.add_argument(
            "--detector", default=DEFAULT, choices=list(DETECTORS), help="Whose anchors to compare with."
        )
        parser.add_argument("--input-size", type=int, help="Side in pixels of what it sees (its usual one).")

    def run(self, **options: Any) -> dict[str, Any]:
        return health_report(dataset_by_name(options["name"]), options["detector"], options["input_size"])

    def describe(self, result: dict[str, Any]) -> None:
        self.stdout.write(
            f"{result['dataset']}: {result['images']:,} images ({result['labelled']:,} labelled, "
            f"{result['negatives']:,} with nothing on them, {result['damaged']:,} damaged), {result['boxes']:,} boxes"
        )
        for row in result["classes"]:
            self.stdout.write(f"{row['boxes']:>9,}  {row['name']} ({row['images']:,} images)")
        for said in result["advice"].values():
            self.stdout.write(f"{said['level']:>5}: {said['text']}")
