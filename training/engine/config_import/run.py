"""The config that a run brought along. Needs `compat.apply()` first."""

from __future__ import annotations

from training.engine.config_import.migrating import Migrated, migrate
from training.engine.config_import.source import load
from training.engine.dataset import Dataset
from training.engine.request import RunRequest
from training.engine.rundir import RunDirectory, read_json, write_json

CONFIG, EXPLANATION = "imported.config", "imported.json"


def adapted(run: RunDirectory, request: RunRequest, dataset: Dataset) -> Migrated:
    """The pipeline of RUN_DIR/imported.config, adapted to the run, with what was changed; nothing is written.

    The learning rate is the config's own, scaled to the batch, unless run.json names one.
    """
    text = load(run.root / CONFIG)
    own_rate = "learning_rate" not in read_json(run.request).get("train", {})
    return migrate(text, dataset.classes, request, dataset.most_boxes(), own_rate)


def leave_explanation(run: RunDirectory, migrated: Migrated) -> None:
    """What was changed and why, in RUN_DIR/imported.json."""
    changes = [vars(change) for change in migrated.changes]
    write_json(run.root / EXPLANATION, {"path": migrated.path, "changes": changes})
