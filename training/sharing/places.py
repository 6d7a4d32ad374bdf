"""The folders of training that are shared, by what they are for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from training.sharing.folder import SharedFolder

if TYPE_CHECKING:
    from training.models import Run

#: Of a run: what each machine makes anew from the version, and notes to the engine on one machine.
RUN_PRIVATE = (
    "*.record", "records.json", "run.json", "dataset.json", "imported.config", "base/*", "engine.pid", "cancel",
    "finish", "working-files-removed",
)  # fmt: skip
#: Of a trial: the same.
TRIAL_PRIVATE = (*RUN_PRIVATE, "events.jsonl", "log.txt")


def run_files(run: Run) -> SharedFolder:
    return run_files_of(run.pk)


def run_files_of(pk: int) -> SharedFolder:
    return SharedFolder(f"runs/{pk}", Path(settings.RUNS_ROOT) / str(pk), RUN_PRIVATE)


def archives() -> SharedFolder:
    """Of the model zoo, and uploaded ones."""
    return _below_data("zoo")


def backbones() -> SharedFolder:
    return _below_data("backbones")


def configs() -> SharedFolder:
    """Every pipeline.config somebody brought."""
    return _below_data("configs")


def trial_files(key: str) -> SharedFolder:
    return SharedFolder(f"trials/{key}", Path(settings.DATA_DIR) / "trials" / key, TRIAL_PRIVATE)


def _below_data(name: str) -> SharedFolder:
    return SharedFolder(name, Path(settings.DATA_DIR) / name)
