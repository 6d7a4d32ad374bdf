"""`manage.py train NAME`: trains a detector on a dataset's newest version and waits for it."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from datasets.models import DatasetVersion
from sw_site.jobs.waiting import wait_for
from sw_site.lib.commands import SiteCommand
from training.actions import start_run
from training.bases import Base
from training.config import TrainingSettings
from training.management.options import add_settings, asked_for
from training.models import Run, TrainedModel
from training.overriding import effective, refuse_bad_overrides
from training.preflight import preflight, refuse_if_blocked
from training.trials import request_trial, trial_of
from training.words import duration, percent


class Command(SiteCommand):
    help = "Train a detector on a dataset's frozen version."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Django's own --version prints Django's version; here it is the dataset's."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        add_settings(parser)
        parser.add_argument("--model", default="", metavar="NAME", help="Name for the resulting model.")
        parser.add_argument("--queue", action="store_true", help="Hand it to a worker and return at once.")
        parser.add_argument("--host", default="", metavar="NAME", help="With --queue: which machine trains it.")
        asked = parser.add_mutually_exclusive_group()
        asked.add_argument("--show-config", action="store_true", help="Do not train: print the whole pipeline.config.")
        asked.add_argument("--try-out", action="store_true", help="Do not train: time a few steps, measure the memory.")

    def run(self, **options: Any) -> dict[str, Any]:
        version, config, base = asked_for(options)
        if options["show_config"]:
            return asdict(effective(version, config, base))
        if options["try_out"]:
            return tried(version, config, base, quiet=options["json"])
        run = start_run(
            version, config, name=options["model"], base=base, host=options["host"], submit=options["queue"]
        )
        if options["queue"] or run.job is None:
            return result_of(run)
        kept = "What it had learnt is kept; it can go on later."
        wait_for(run.job, run.name, quiet=options["json"], kept=kept)
        run.refresh_from_db()
        return result_of(run)

    def describe(self, result: dict[str, Any]) -> None:
        if "run" not in result:
            self.stdout.write(result["text"] if "text" in result else result["words"])
            return
        if result["model"] is None:
            self.stdout.write(f"Run {result['run']} is waiting for a worker: {result['steps']:,} steps.")
            return
        model = TrainedModel.objects.get(run_id=result["run"])
        figures = f"AP {percent(model.ap)}, AP50 {percent(model.ap50)}"
        self.stdout.write(f"Model m{model.pk} “{model.name}” after {result['steps']:,} steps: {figures} on validation.")


def tried(version: DatasetVersion, config: TrainingSettings, base: Base, *, quiet: bool) -> dict[str, Any]:
    """A few timed steps, as the JSON of docs/cli.md."""
    refuse_bad_overrides(version, config, base)
    refuse_if_blocked(preflight(version, config, base))
    trial = request_trial(version, config, base, submit=False)
    if trial.state != "done" and trial.job:
        wait_for(trial.job, trial.job.title, quiet=quiet, kept="Nothing is left behind.")
    trial = trial_of(trial.key)
    seconds, memory = float(trial.report["seconds_per_step"]), trial.memory_mb or 0
    words = f"{seconds:.3g} s a step, {duration(seconds * config.steps)} in all; {memory:,.0f} MB of memory."
    return {"key": trial.key, "report": trial.report, "words": words}


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
