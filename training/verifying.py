"""What `manage.py verify` looks at of runs and models: their folders, and the graphs the site detects with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from datasets.verifying.files import wrong
from sw_site.jobs.models import JobState
from sw_site.lib.files.where import bucket
from sw_site.lib.findings import Finding, Scope
from training.models import Export, Run, SharedFile, TrainedModel
from training.sharing.places import run_files

BY = "Restore the folder of the run from a backup, or train again."


def check_models(scope: Scope) -> Iterator[Finding]:
    for model in TrainedModel.objects.select_related("run").iterator():
        scope.count("models")
        if (scope.deep or not bucket()) and (message := wrong_graph(model, scope.deep)):
            yield Finding("model_file_damaged", f"model {model.pk} ({model})", f"{message} {BY}")
    for export in Export.objects.select_related("model__run").iterator():
        scope.count("exports")
        if not export.is_there:
            gone = export.model.run.directory / export.folder
            yield Finding("export_missing", str(export), f"{gone} is gone. Export the model again.")
    for run in Run.objects.filter(job=None).iterator():
        yield Finding("run_without_job", str(run), "Nothing will ever start it. Start a new run in its place.")
    for run in Run.objects.filter(job__state=JobState.SUCCEEDED).iterator():
        if not run_files(run).has(""):
            yield Finding("run_folder_missing", str(run), f"{run.directory} is gone. {BY}")
    yield from strange_folders(scope)


def check_shared(scope: Scope) -> Iterator[Finding]:
    """The bytes in the bucket of folders that machines share. Those that are gone are found elsewhere."""
    for row in SharedFile.objects.iterator() if bucket() else ():
        scope.count("files")
        if wrong(row.file, row.size_bytes, row.sha256, scope.deep):
            yield Finding("shared_file_damaged", str(row), f"The bytes of {row.file} changed in the bucket. {BY}")


def wrong_graph(model: TrainedModel, deep: bool) -> str:
    """A sentence when the graph that detects is not the one that was registered, else empty."""
    folder = model.detector_folder
    try:
        about = json.loads((folder / "model.json").read_bytes())
        graph = folder / about.get("file", "model.onnx")
        size = graph.stat().st_size
    except (OSError, ValueError) as error:
        return f"Its graph cannot be read ({error})."
    if size != model.size_bytes:
        return f"{graph} has {size:,} bytes and had {model.size_bytes:,} when it was registered."
    if deep and model.detector_sha256 and digest_of(graph) != model.detector_sha256:
        return f"The bytes of {graph} changed since it was registered."
    return ""


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def strange_folders(scope: Scope) -> Iterator[Finding]:
    root = Path(settings.RUNS_ROOT)
    known = set(Run.objects.values_list("pk", flat=True))
    for folder in root.iterdir() if root.is_dir() else ():
        scope.count("folders")
        if folder.is_dir() and folder.name.isdecimal() and int(folder.name) not in known:
            message = f"{folder} belongs to no run. Look into it, then move it away or delete it."
            yield Finding("run_folder_without_row", f"folder {folder.name}", message, untidy=True)
