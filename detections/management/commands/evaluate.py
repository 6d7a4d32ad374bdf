"""`manage.py evaluate MODEL`: measures a model on a split of a version and waits for it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandParser

from datasets.models.version import SPLITS
from detections.actions import evaluate_here
from detections.classes import mapping_from_names
from detections.evaluation import read_manifest_of, summary
from detections.management.references import read_pair, version_of
from sw_site.lib.commands import SiteCommand, progress_bar
from training.lookup import model_of
from training.words import percent


class Command(SiteCommand):
    help = "Measure a model by the COCO rules on one split of a frozen version; the result is on the site as well."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Our --version takes the place of Django's, which only prints Django's own."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("model", metavar="MODEL", help="A model's name or number.")
        parser.add_argument("--split", choices=SPLITS, default="val", help="Default: val.")
        parser.add_argument(
            "--version",
            dest="number",
            type=int,
            metavar="N",
            help="Version of the model's dataset. Default: the one it was trained on.",
        )

        parser.add_argument(
            "--class",
            dest="classes",
            action="append",
            default=None,
            metavar="MODEL_CLASS=VERSION_CLASS",
            help="Which class of the version one of the model is; nothing after = leaves its boxes out. Repeatable.",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        model = model_of(options["model"])
        version = version_of(model, options["number"])
        mapping = None
        if options["classes"] is not None:
            names = dict(read_pair(text) for text in options["classes"])
            mapping = mapping_from_names(model.label_map, read_manifest_of(version).classes, names)
        with progress_bar(f"Evaluate {model}", quiet=options["json"]) as report:
            evaluation = evaluate_here(model, version, options["split"], report, mapping)
        return summary(evaluation)

    def describe(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['model']} on {result['version']} {result['split']}, {result['images']} images")
        self.stdout.write(
            f"AP {percent(result['ap'])}{between(result['ap_interval'])}   "
            f"AP50 {percent(result['ap50'])}{between(result['ap50_interval'])}   AP75 {percent(result['ap75'])}"
        )
        self.stdout.write(f"VOC AP {percent(result['voc_all'])} (11-point {percent(result['voc_11'])})")
        row = "{:<24} {:>8} {:>20} {:>8} {:>10} {:>8} {:>8}"
        self.stdout.write(row.format("class", "AP", "95 % of AP", "AP50", "precision", "recall", "objects"))
        for found in result["per_class"]:
            shares = [percent(found[key]) for key in ("ap", "ap50", "precision", "recall")]
            shares.insert(1, between(found["ap_interval"]).strip(" ()"))
            self.stdout.write(row.format(found["name"], *shares, found["objects"]))
        self.stdout.write(f"Precision and recall at a score of {result['score_threshold']} and IoU 0.5.")
        gains = ", ".join(f"{name} {percent(gain)}" for name, gain in result["tide"]["gains"].items())
        self.stdout.write(f"AP50 that repairing one kind of error alone gives back (TIDE): {gains}")
        self.stdout.write(f"Calibration error (D-ECE): {percent(result['calibration']['ece'])}")
        for problem in result["problems"]:
            self.stderr.write(f"{problem['file']}: {problem['message']}")


def between(interval: dict[str, float] | None) -> str:
    """A 95 % interval behind its figure; nothing where there is none."""
    return f" ({percent(interval['low'])} to {percent(interval['high'])})" if interval else ""
