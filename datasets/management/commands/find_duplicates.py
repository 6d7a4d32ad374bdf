from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.curation.duplicates import find_pairs, refused_copies
from datasets.lookup import dataset_by_name
from sw_site.lib.commands import SiteCommand, progress_bar


class Command(SiteCommand):
    help = "Compare all images of a dataset with one another and list those that look alike."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="Name of the dataset.")

    def run(self, **options: Any) -> dict[str, Any]:
        dataset = dataset_by_name(options["name"])
        with progress_bar("Comparing") as report:
            result = find_pairs(dataset, lambda done, total, message: report(done / total, message))
        pairs = dataset.pairs.select_related("first", "second")
        rows = [
            {
                "first": {"id": pair.first_id, "file": _path(pair.first)},
                "second": {"id": pair.second_id, "file": _path(pair.second)},
                "bits": pair.bits,
                "decision": pair.decision,
            }
            for pair in pairs
        ]
        return {**result, "pairs": rows, "same_bytes": refused_copies(dataset)}

    def describe(self, result: dict[str, Any]) -> None:
        for pair in result["pairs"]:
            decided = f" ({pair['decision']})" if pair["decision"] else ""
            self.stdout.write(f"{pair['bits']:>3}  {pair['first']['file']}  {pair['second']['file']}{decided}")
        for refused in result["same_bytes"]:
            self.stdout.write(f"  =  {refused['file']}: {refused['message']}")
        self.stdout.write(
            f"{result['images']:,} images, {len(result['pairs']):,} pairs look alike, {result['open']:,} not decided."
        )


def _path(image: Any) -> str:
    return f"{image.folder}/{image.file_name}" if image.folder else str(image.file_name)
