from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.curation.duplicates import find_pairs, refused_copies
from datasets.curation.groups import keep_of_group, like_groups
from datasets.curation.jobs import outcome_as_json
from datasets.lookup import dataset_by_name
from datasets.models import Dataset
from sw_site.lib.commands import SiteCommand, progress_bar


class Command(SiteCommand):
    help = "Compare all images of a dataset with one another and list those that look alike."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="Name of the dataset.")
        parser.add_argument(
            "--keep", type=int, metavar="ID", help="Do not compare; delete all that look like this image but itself."
        )
        parser.add_argument("--no-boxes", action="store_true", help="With --keep: boxes do not move over to it.")

    def run(self, **options: Any) -> dict[str, Any]:
        dataset = dataset_by_name(options["name"])
        if options["keep"] is not None:
            return self.keep(dataset, options["keep"], not options["no_boxes"])
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
        groups = [group.as_json() for group in like_groups(dataset)]
        return {**result, "pairs": rows, "groups": groups, "same_bytes": refused_copies(dataset)}

    def keep(self, dataset: Dataset, image: int, with_boxes: bool) -> dict[str, Any]:
        group = next((group.images for group in like_groups(dataset) if image in group.images), (image,))
        return outcome_as_json(keep_of_group(dataset, group, image, None, with_boxes))

    def describe(self, result: dict[str, Any]) -> None:
        if "sentence" in result:
            self.stdout.write(result["sentence"])
            return
        for pair in result["pairs"]:
            decided = f" ({pair['decision']})" if pair["decision"] else ""
            self.stdout.write(f"{pair['bits']:>3}  {pair['first']['file']}  {pair['second']['file']}{decided}")
        for refused in result["same_bytes"]:
            self.stdout.write(f"  =  {refused['file']}: {refused['message']}")
        self.stdout.write(
            f"{result['images']:,} images, {len(result['pairs']):,} pairs look alike, {result['open']:,} not decided "
            f"({len(result['groups']):,} groups)."
        )


def _path(image: Any) -> str:
    return f"{image.folder}/{image.file_name}" if image.folder else str(image.file_name)
