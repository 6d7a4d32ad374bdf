"""`manage.py export_model MODEL --format F --output DIR`: a model in a format other programs read, as a folder."""

from __future__ import annotations

from argparse import ArgumentParser
from filecmp import cmp
from pathlib import Path
from typing import Any

from datasets.storage import write_whole
from sw_site.jobs.waiting import wait_for
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError
from training.actions import export_of, request_export
from training.lookup import model_of
from training.models import Export, ExportFormat, TrainedModel


class Command(SiteCommand):
    help = "Write a trained model to a folder as SavedModel, frozen graph, ONNX or TFLite."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("model", metavar="MODEL", help="A model's name or number.")
        parser.add_argument("--format", required=True, choices=ExportFormat.values)
        parser.add_argument(
            "--output", required=True, type=Path, metavar="DIR", help="A folder; it is made if there is none."
        )

    def run(self, **options: Any) -> dict[str, Any]:
        model = model_of(options["model"])
        output: Path = options["output"].expanduser().resolve()
        export = export_of(model, options["format"]) or self.make(model, options)
        copy_into(export.path, output)
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
        wait_for(job, job.title, quiet=options["json"], kept="The model is as it was.")
        return model.exports.get(format=options["format"])

    def describe(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['model']} is written to {result['output']}.")


def copy_into(source: Path, target: Path) -> None:
    """Copies the files of a folder; each is whole or absent. Several formats may share a target.

    Raises:
        UserError: a file of the same name with other content is there already; nothing is copied then.
    """
    files = [file.relative_to(source) for file in sorted(source.rglob("*")) if file.is_file()]
    if target.exists() and not target.is_dir():
        raise UserError("output_taken", f"{target} is a file. Name a folder.")
    taken = [str(file) for file in files if (target / file).exists() and not cmp(source / file, target / file, False)]
    if taken:
        raise UserError(
            "output_taken", f"{target} holds another {taken[0]} already. Name another folder, or empty it first."
        )
    for file in files:
        write_whole(target / file, (source / file).read_bytes())
    for folder in (
        path for path in source.rglob("*") if path.is_dir()
    ):  # SavedModel readers expect assets/, even empty
        (target / folder.relative_to(source)).mkdir(parents=True, exist_ok=True)
