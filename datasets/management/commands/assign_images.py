from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.lookup import dataset_by_name
from datasets.models import Work
from datasets.review.assigning import deal, ids_of, people_called, told
from sw_site.lib.commands import SiteCommand


class Command(SiteCommand):
    help = "Deal the images of a filter, or a range of them, out to people."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="Name of the dataset.")
        parser.add_argument("--to", nargs="*", default=[], metavar="USER", help="User names; nobody: anybody's again.")
        parser.add_argument("--work", choices=Work.values, default=Work.LABEL.value)
        parser.add_argument("--filter", default="", help='As in the address of the grid: "state=unlabelled".')
        parser.add_argument("--first", type=int, help="From this place in the filter, counted from 1.")
        parser.add_argument("--last", type=int, help="To this place, included.")

    def run(self, **options: Any) -> dict[str, Any]:
        dataset = dataset_by_name(options["name"])
        ids = ids_of(dataset, options["filter"], options["first"], options["last"])
        shares = deal(dataset, ids, people_called(options["to"]), options["work"])
        given = [{"person": str(share.person or ""), "images": share.images} for share in shares]
        return {"sentence": told(shares, options["work"]), "shares": given}

    def describe(self, result: dict[str, Any]) -> None:
        self.stdout.write(result["sentence"])
