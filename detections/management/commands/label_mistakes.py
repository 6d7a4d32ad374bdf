"""`manage.py label_mistakes NAME --model M`: labels that are probably wrong, the most doubtful first."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.lookup import dataset_by_name
from detections.mistake_models import Kind
from detections.mistakes.actions import start_fold_search, start_search
from detections.mistakes.documents import search_json, suspicion_list
from sw_site.jobs.waiting import wait_for
from sw_site.lib.commands import SiteCommand
from training.lookup import model_of

SHOWN = 20


class Command(SiteCommand):
    help = "Find labels that are probably wrong by a model's predictions on images it was not trained on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("dataset", metavar="NAME", help="The dataset's name, or its short name in addresses.")
        parser.add_argument("--model", required=True, metavar="MODEL", help="A model's name or number.")
        parser.add_argument(
            "--folds",
            type=int,
            default=0,
            metavar="K",
            help="Judge all images: K trainings like the model's, each without the images it judges. Takes long.",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        dataset, model = dataset_by_name(options["dataset"]), model_of(options["model"])
        if options["folds"]:
            search = start_fold_search(dataset, model, options["folds"], None, submit=False)
        else:
            search = start_search(dataset, model, None, submit=False)
        assert search.job is not None  # noqa: S101 - it was made with its job
        kept = "Trainings that ended are kept; start it again on the site to go on."
        wait_for(search.job, "Searching", quiet=options["json"], code="search_failed", kept=kept)
        search.refresh_from_db()
        return search_json(search) | {"suspicions": suspicion_list(search)}

    def describe(self, result: dict[str, Any]) -> None:
        rows = result["suspicions"]
        self.stdout.write(
            f"{len(rows):,} doubtful places on {result['images']:,} images that no model judging them was trained on; "
            f"{result['trained_on']:,} others were left out."
        )
        for row in rows[:SHOWN]:
            words = f"{Kind(row['kind']).label}: {row['class']}"
            self.stdout.write(
                f"{row['rank']:>4}  {row['doubt']:.2f}  {words:<32} {row['file']} (image {row['image_id']})"
            )
        if len(rows) > SHOWN:
            self.stdout.write(f"… and {len(rows) - SHOWN:,} more; --json lists them all.")
