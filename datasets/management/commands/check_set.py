from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.curation.dispatch import chosen_ids
from datasets.lookup import dataset_by_name
from datasets.review import checks
from datasets.review.assigning import people_called
from datasets.review.measured import excuse, measure
from sw_site.lib.commands import SiteCommand


class Command(SiteCommand):
    help = "Images with trusted boxes that are mixed into the labelling queue, and how people did on them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="Name of the dataset.")
        parser.add_argument("--add", metavar="FILTER", help='Images to put in: "view=3", or "" for every image.')
        parser.add_argument("--drop", metavar="FILTER", help="Images to take out, with the answers to them.")
        parser.add_argument("--excuse", nargs="+", default=[], metavar="PERSON", help="People to hand no checks.")
        parser.add_argument("--measure", nargs="+", default=[], metavar="PERSON", help="People to hand checks again.")
        parser.add_argument("--every", type=int, metavar="N", help="About one in N images handed out is a check.")

    def run(self, **options: Any) -> dict[str, Any]:
        dataset = dataset_by_name(options["name"])
        added = left = removed = 0
        excused, measured = people_called(options["excuse"]), people_called(options["measure"])
        for person in excused:
            excuse(dataset, person, None)
        for person in measured:
            measure(dataset, person)
        if options["add"] is not None or options["every"] is not None:
            ids = chosen_ids(dataset, [], options["add"] is not None, options["add"] or "")
            added, left = checks.choose(dataset, ids, None, options["every"])
        if options["drop"] is not None:
            removed = checks.drop(dataset, chosen_ids(dataset, [], True, options["drop"]))
        return {"added": added, "left": left, "removed": removed, **checks.as_json(dataset)}

    def describe(self, result: dict[str, Any]) -> None:
        every = f", one in {result['every']}" if result["every"] else ""
        self.stdout.write(
            f"{len(result['images']):,} checks{every}. Added {result['added']}, removed {result['removed']}."
        )
        if result["not_measured"]:
            self.stdout.write(f"Not measured: {', '.join(row['person'] for row in result['not_measured'])}.")
        for row in result["people"]:
            mean = "–" if row["mean_iou"] is None else f"{row['mean_iou']:.3f}"
            self.stdout.write(
                f"{row['person']}: {row['images']} images, mean IoU {mean}, {row['missed']} missed, "
                f"{row['extra']} extra, {row['wrong_class']} of another class."
            )
