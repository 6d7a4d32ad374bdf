"""`manage.py label_next NAME --model M --user U`: the photos worth labelling first, as a view."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model

from datasets.lookup import dataset_by_name
from datasets.models import SavedView
from detections.label_next import DEFAULT_COUNT
from detections.prelabel_actions import start_label_next
from sw_site.jobs.waiting import wait_for
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError
from training.lookup import model_of


class Command(SiteCommand):
    help = "Choose which images without an answer to label next, by a model's uncertainty and their diversity."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="Name of the dataset.")
        parser.add_argument("--model", required=True, metavar="MODEL", help="A model's name or number.")
        parser.add_argument("--user", required=True, metavar="USER", help="Whose view it becomes.")
        parser.add_argument("--filter", default="", help='As in the address of the grid: "name=street".')
        parser.add_argument("--count", type=int, default=DEFAULT_COUNT, help=f"How many. Default: {DEFAULT_COUNT}.")
        parser.add_argument("--view", default="", metavar="NAME", help="Name of the view. Default: a new one.")

    def run(self, **options: Any) -> dict[str, Any]:
        dataset, model = dataset_by_name(options["name"]), model_of(options["model"])
        user = get_user_model().objects.filter(username=options["user"]).first()
        if user is None:
            raise UserError("unknown_person", f"There is nobody called “{options['user']}”.", 404)
        values = (model, dataset, options["filter"], options["count"], options["view"], user)
        batch = start_label_next(*values, submit=False)
        assert batch.job is not None  # noqa: S101 - it was made with its job
        kept = "No view was filled."
        job = wait_for(
            batch.job, f"Label next in {dataset}", quiet=options["json"], code="label_next_failed", kept=kept
        )
        result = job.result or {}
        images = SavedView.objects.get(pk=result["view"]).images.order_by("pk").values_list("pk", flat=True)
        return {"dataset": dataset.name, "model": model.name, **result, "chosen": list(images)}

    def describe(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{len(result['chosen'])} of {result['images']} images chosen: {result['view_url']}")
