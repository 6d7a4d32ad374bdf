"""What a finished run leaves behind: its entry in the model registry, and the graph beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max

from sw_site.jobs.errors import JobError
from training.engine import runner
from training.engine.architectures.preset import DETECTORS
from training.models import Export, Run, TrainedModel

NAME_LENGTH = 100


def register(run: Run) -> TrainedModel:
    """The model of a finished run, from the files of its directory. Calling it twice gives the same model."""
    best = read_json(run.directory / "best" / "best.json", "best checkpoint")
    folder = next((path for path in detectors(run) if path.is_dir()), detectors(run)[0])
    about = read_json(folder / "model.json", "exported graph")
    graph = folder / about.get("file", "model.onnx")
    if not graph.is_file():
        raise missing("exported graph")
    values = {
        "classes": {str(row["id"]): row["name"] for row in about["classes"]},
        "step": best["step"],
        "ap": best.get("ap"),
        "ap50": best.get("ap50"),
        "detector_sha256": about.get("sha256", ""),
        "size_bytes": graph.stat().st_size,
    }
    with transaction.atomic():
        existing = TrainedModel.objects.filter(run=run).first()
        values |= {} if existing else {"name": free_name(run), "number": next_number(run)}
        model, is_new = TrainedModel.objects.update_or_create(run=run, defaults=values)
        if is_new:
            model.note_event("registered", f"Kept from step {model.step:,} of {run.name}.", run.created_by)
        record_export(model, folder.name, f"exports/{folder.name}", latest_export(run, folder.name))
    return model


def detectors(run: Run) -> list[Path]:
    """The folders that the export at a run's end may be in, the one to detect with first."""
    return [run.directory / "exports" / format for format in DETECTORS]


def record_export(model: TrainedModel, format: str, folder: str, event: dict[str, Any]) -> Export:
    """The row of one exported format; exporting again replaces its figures."""
    values = {
        "folder": folder,
        "size_bytes": folder_size(model.run.directory / folder),
        "max_box_difference": event.get("max_box_difference"),
        "max_score_difference": event.get("max_score_difference"),
        "ap": event.get("ap"),
        "checkpoint_ap": event.get("checkpoint_ap"),
        "split": str(event.get("split", ""))[:5],
    }
    return Export.objects.update_or_create(model=model, format=format, defaults=values)[0]


def latest_export(run: Run, format: str) -> dict[str, Any]:
    """The engine's last word about exporting this format: how far the export is from its checkpoint."""
    events, _ = runner.read_events(run.directory / "events.jsonl", 0)
    exports = [event for event in events if event.get("type") == "export" and event.get("format") == format]
    return exports[-1] if exports else {}


def next_number(run: Run) -> int:
    """Models of a dataset are its versions 1, 2, 3 …"""
    others = TrainedModel.objects.filter(run__version__dataset=run.version.dataset_id)
    return (others.aggregate(Max("number"))["number__max"] or 0) + 1


def free_name(run: Run) -> str:
    """The run's name if no model has it yet, else with the run's number; numbers are never used twice."""
    for name in (run.name[:NAME_LENGTH], f"{run.name[: NAME_LENGTH - 12]} #{run.pk}"):
        if name and not TrainedModel.objects.filter(name=name).exists():
            return name
    return f"{run.version.dataset.name[: NAME_LENGTH - 24]} v{run.version.number} #{run.pk}"


def folder_size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def read_json(path: Path, what: str) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise missing(what) from error


def missing(what: str) -> JobError:
    return JobError(
        f"The training ended but left no {what}, so there is no model to use. The checkpoints are kept: let the run go "
        "on, and it will only do what is missing."
    )
