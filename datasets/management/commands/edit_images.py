from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.browsing import GridFilter
from datasets.curation.dispatch import ACTIONS, Order, chosen_ids, perform
from datasets.curation.jobs import outcome_as_json
from datasets.curation.undo import undo_change
from datasets.lookup import dataset_by_name
from datasets.models import Dataset
from sw_site.lib.commands import SiteCommand, progress_bar
from sw_site.lib.errors import UserError


class Command(SiteCommand):
    help = "Do something with all images of a filter, or take such a change back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="Name of the dataset.")
        parser.add_argument("action", choices=[*(name for name in ACTIONS if name != "view"), "undo", "list"])
        parser.add_argument("--filter", default="", help='As in the address of the grid: "class=3&flag=difficult".')
        parser.add_argument("--from", dest="source", default="", metavar="CLASS", help="relabel: only this class.")
        parser.add_argument("--to", dest="target", default="", metavar="CLASS", help="relabel: made if there is none.")
        parser.add_argument("--state", default="", help="state: labelled, approved, returned or unlabelled.")
        parser.add_argument("--change", type=int, help="undo: number of the change.")
        parser.add_argument("--yes", action="store_true", help="delete: do it. Without it you only learn how many.")

    def run(self, **options: Any) -> dict[str, Any]:
        dataset = dataset_by_name(options["name"])
        if options["action"] == "undo":
            return _undo(dataset, options["change"])
        ids = chosen_ids(dataset, [], True, options["filter"])
        if options["action"] == "list":
            found = GridFilter.parse(options["filter"]).apply(dataset).order_by("pk")
            return {"images": list(found.values("id", "file_name", "folder", "state", "box_count"))}
        if options["action"] == "delete" and not options["yes"]:
            raise UserError("not_confirmed", f"{len(ids):,} images would be deleted. Say it again with --yes.")
        source = dataset.classes.filter(name=options["source"]).first() if options["source"] else None
        if options["source"] and source is None:
            raise UserError("unknown_class", f"{dataset.name} has no class called “{options['source']}”.", 404)
        order = Order(
            options["action"], options["state"], source=source.pk if source else None, new_class=options["target"]
        )
        with progress_bar("Working") as report:
            outcome = perform(dataset, ids, order, None, lambda done, total: report(done / total, f"{done:,} images"))
        return outcome_as_json(outcome)

    def describe(self, result: dict[str, Any]) -> None:
        if "images" in result:
            for image in result["images"]:
                self.stdout.write(f"{image['id']}\t{image['folder']}/{image['file_name']}\t{image['state']}")
            return
        change = (
            f" Change {result['change']}: edit_images NAME undo --change takes it back." if result["change"] else ""
        )
        self.stdout.write(result["sentence"] + change)


def _undo(dataset: Dataset, number: int | None) -> dict[str, Any]:
    change = dataset.changes.select_related("dataset").filter(pk=number).first() if number else None
    if change is None:
        known = ", ".join(str(pk) for pk in dataset.changes.values_list("pk", flat=True)[:10]) or "none"
        raise UserError("no_such_change", f"Name the change to take back with --change. The latest: {known}.", 404)
    again = undo_change(change, None)
    left = change.images - again.images
    sentence = f"{again.images:,} images are as they were; {left:,} were saved since and stay as they are."
    return {"sentence": sentence, "changed": again.images, "left": left, "change": None}
