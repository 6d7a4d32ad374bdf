"""`manage.py train NAME`: trains a detector on a dataset's newest version and waits for it."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from datasets.lookup import dataset_by_name, version_of
from datasets.models import DatasetVersion
from sw_site.jobs.waiting import wait_for
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError
from training import presets
from training.actions import start_run
from training.bases import NOTHING, Base, base_from_reference
from training.config import TrainingSettings
from training.models import Run, TrainedModel
from training.overriding import overrides_of, with_part
from training.words import percent

SETTINGS = (
    "steps", "batch_size", "learning_rate", "architecture", "depth_multiplier", "input_size", "augmentation",
    "patience", "freeze", "seed",
)  # fmt: skip


class Command(SiteCommand):
    help = "Train a detector on a dataset's frozen version."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Django's own --version prints Django's version; here it is the dataset's."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("dataset", metavar="NAME", help="The dataset's name, or its short name in addresses.")
        parser.add_argument("--version", dest="number", type=int, metavar="N", help="Default: the newest.")
        parser.add_argument("--model", default="", metavar="NAME", help="Name for the resulting model.")
        parser.add_argument(
            "--architecture", metavar="NAME", help=f"{presets.ARCHITECTURE} unless told otherwise; see docs/engine.md."
        )
        parser.add_argument(
            "--depth-multiplier", type=float, metavar="X", help="Width of a MobileNet, 0.1 to 1.4. Default: 0.35."
        )
        parser.add_argument(
            "--base", metavar="CHECKPOINT|MODEL", help="A model, a checkpoint prefix, or a .weights.h5 file."
        )
        parser.add_argument("--steps", type=int, metavar="N", help="Default: enough for this many images.")
        parser.add_argument("--batch-size", type=int, metavar="N", help="Default: 8, fewer for large networks.")
        parser.add_argument("--input-size", type=int, metavar="N", help="Side in pixels. Default: as the network.")
        parser.add_argument("--seed", type=int, metavar="N", help="Default: 1.")
        parser.add_argument("--learning-rate", type=float, metavar="X", help="Default: the network's own, by batch.")
        parser.add_argument("--augmentation", choices=presets.AUGMENTATIONS, help="Default: default (crops, light).")
        parser.add_argument("--patience", type=int, metavar="N", help="Stop after N evaluations without progress.")
        parser.add_argument(
            "--freeze", choices=presets.FREEZES, help="Keep this of the start for the first fifth of the steps."
        )
        parser.add_argument(
            "--set",
            dest="overrides",
            action="append",
            default=[],
            metavar="PATH=VALUE",
            help="A setting of pipeline.config as protobuf text; may be given again and again.",
        )
        parser.add_argument("--config-overrides", metavar="FILE", help="A part of a pipeline.config to put over it.")
        parser.add_argument("--queue", action="store_true", help="Hand it to a worker and return at once.")

    def run(self, **options: Any) -> dict[str, Any]:
        version = version_of(dataset_by_name(options["dataset"]), options["number"])
        base = base_from_reference(options["base"]) if options["base"] else NOTHING
        config = TrainingSettings.for_version(version, base, **{key: options[key] for key in SETTINGS})
        config = with_overrides(version, config, base, options["overrides"], options["config_overrides"])
        run = start_run(version, config, name=options["model"], base=base, submit=options["queue"])
        if options["queue"] or run.job is None:
            return result_of(run)
        kept = "What it had learnt is kept; it can go on later."
        wait_for(run.job, run.name, quiet=options["json"], kept=kept)
        run.refresh_from_db()
        return result_of(run)

    def describe(self, result: dict[str, Any]) -> None:
        if result["model"] is None:
            self.stdout.write(f"Run {result['run']} is waiting for a worker: {result['steps']:,} steps.")
            return
        model = TrainedModel.objects.get(run_id=result["run"])
        figures = f"AP {percent(model.ap)}, AP50 {percent(model.ap50)}"
        self.stdout.write(f"Model m{model.pk} “{model.name}” after {result['steps']:,} steps: {figures} on validation.")


def with_overrides(
    version: DatasetVersion, config: TrainingSettings, base: Base, texts: list[str], file: str | None
) -> TrainingSettings:
    """The settings with what --set and --config-overrides change; --set has the last word."""
    config = replace(config, overrides=overrides_of(texts))
    if not file:
        return config
    try:
        part = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("bad_override", f"{file} cannot be read as text ({error}). Give a part of a config.") from error
    return replace(config, overrides=with_part(version, config, base, part).overrides)


def result_of(run: Run) -> dict[str, Any]:
    """The JSON of docs/cli.md."""
    model = TrainedModel.objects.filter(run=run).first()
    val = {"ap": model.ap, "ap50": model.ap50} if model else {"ap": None, "ap50": None}
    return {
        "run": run.pk,
        "model": model.name if model else None,
        "steps": run.step if model else run.steps,
        "val": val,
    }
