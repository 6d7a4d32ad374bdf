from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.lookup import dataset_by_name, version_of
from datasets.versions.difference import as_json, compare
from datasets.versions.manifest import ManifestError
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError


class Command(SiteCommand):
    help = "What changed from one version of a dataset to another: images, boxes, classes, splits."
    changes = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="Name of the dataset.")
        parser.add_argument("before", type=int, help="Number of the earlier version.")
        parser.add_argument("after", type=int, nargs="?", help="Number of the later one (the newest).")

    def run(self, **options: Any) -> dict[str, Any]:
        dataset = dataset_by_name(options["name"])
        before, after = version_of(dataset, options["before"]), version_of(dataset, options["after"])
        try:
            difference = compare(before.manifest(), after.manifest())
        except ManifestError as error:
            raise UserError("manifest_unreadable", str(error)) from error
        return {"dataset": dataset.name, "from": before.number, "to": after.number, **as_json(difference)}

    def describe(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['dataset']}, version {result['from']} to {result['to']}")
        for what in ("images", "boxes"):
            said = ", ".join(f"{n:,} {kind.replace('_', ' ')}" for kind, n in result[what].items())
            self.stdout.write(f"  {what}: {said}")
        for change in result["changes"]:
            kinds = [box["kind"] for box in change["boxes"]]
            said = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds)) or change["kind"]
            split = f" ({change['splits'][0]} to {change['splits'][1]})" if change["splits"] else ""
            self.stdout.write(f"  {change['file_name']}: {said}{split}")
