"""`manage.py export_model MODEL --format F --output DIR`: a model in a format other programs read, as a folder."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError
from training.actions import export_of, request_export
from training.management.waiting import wait_for
from training.models import Export, ExportFormat, TrainedModel


class Command(SiteCommand):
    help = "Write a trained model to a folder as SavedModel, frozen graph or ONNX."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("model", metavar="MODEL", help="A model's name or number.")
        parser.add_argument("--format", required=True, choices=ExportFormat.values)
        parser.add_argument(
            "--output", required=True, type=Path, metavar="DIR", help="A folder that is not there yet, or empty."
        )

    def run(self, **options: Any) -> dict[str, Any]:
        model = model_of(options["model"])
        output: Path = options["output"].expanduser().resolve()
        if output.exists() and (not output.is_dir() or any(output.iterdir())):
            raise UserError("output_taken", f"{output} is not an empty folder. Name another one, or empty it first.")
        export = export_of(model, options["format"]) or self.make(model, options)
        copy_whole(export.path, output)
        return {
            "model": model.name,
            "format": export.format,
            "output": str(output),
            "size_bytes": export.size_bytes,
            "max_box_difference": export.max_box_difference,
            "max_score_difference": export.max_score_difference,
        }

    def make(self, model: TrainedModel, options: dict[str, Any]) -> Export:
        job = request_export(model, options["format"], submit=False)
        wait_for(job, job.title, quiet=options["json"])
        return model.exports.get(format=options["format"])

    def describe(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['model']} is written to {result['output']}.")


def model_of(reference: str) -> TrainedModel:
    try:
        return TrainedModel.objects.for_list().by_reference(reference)
    except TrainedModel.DoesNotExist:
        known = ", ".join(TrainedModel.objects.values_list("name", flat=True)[:10]) or "none yet"
        raise UserError("no_such_model", f"There is no model “{reference}”. There are: {known}.", 404) from None


def copy_whole(source: Path, target: Path) -> None:
    """Copies a folder so that `target` is complete or absent."""
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        shutil.copytree(source, part)
        if target.exists():
            target.rmdir()
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
