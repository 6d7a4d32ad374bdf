"""`manage.py prelabel NAME --model M`: a model's boxes as proposals on a filter's images."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from datasets.lookup import dataset_by_name
from detections.management.references import batch_of, read_pair
from detections.prelabel import DEFAULT_THRESHOLD, Wish
from detections.prelabel_actions import start_prelabel, start_sending
from detections.targets import answers_from_names
from sw_site.jobs.waiting import wait_for
from sw_site.lib.commands import SiteCommand
from training.lookup import model_of


class Command(SiteCommand):
    help = "Run a model over a filter's images and put its boxes on them as proposals, to be accepted or removed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="Name of the dataset.")
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("--model", metavar="MODEL", help="A model's name or number.")
        source.add_argument(
            "--batch", type=int, metavar="N", help="What this batch found, instead of a model; adds missing photos."
        )
        parser.add_argument("--filter", default="", help='As in the address of the grid: "state=unlabelled".')
        parser.add_argument("--threshold", type=float, default=DEFAULT_THRESHOLD, help="Least score. Default: 0.5.")
        parser.add_argument(
            "--class",
            dest="classes",
            action="append",
            default=None,
            metavar="MODEL_CLASS=CLASS",
            help="Which class of the dataset one of the model is; nothing after = leaves its boxes out. Repeatable.",
        )
        parser.add_argument("--new-classes", action="store_true", help="Make the classes that the dataset lacks.")
        parser.add_argument(
            "--also-labelled", action="store_true", help="Also images that have labels: only what no label covers."
        )

    def run(self, **options: Any) -> dict[str, Any]:
        dataset = dataset_by_name(options["name"])
        batch = batch_of(options["batch"]) if options["batch"] is not None else None
        model = batch.model if batch else model_of(options["model"])
        names = None if options["classes"] is None else dict(read_pair(text) for text in options["classes"])
        answers = answers_from_names(model, dataset, names, options["new_classes"])
        wish = Wish(options["filter"], options["threshold"], options["also_labelled"])
        asked = (dataset, wish, answers, None)
        job = start_sending(batch, *asked, submit=False) if batch else start_prelabel(model, *asked, submit=False)
        kept = f"Proposals that were written stay: edit_images {dataset.name} undo takes them back."
        job = wait_for(job, f"Pre-label {dataset}", quiet=options["json"], code="prelabel_failed", kept=kept)
        return {"dataset": dataset.name, "model": model.name, "threshold": wish.threshold, **(job.result or {})}

    def describe(self, result: dict[str, Any]) -> None:
        self.stdout.write(result["sentence"])
        for problem in result["problems"]:
            self.stderr.write(f"{problem['file']}: {problem['message']}")
        if result["images"]:
            self.stdout.write(f"edit_images {result['dataset']} undo --change {result['change']} takes it back.")
