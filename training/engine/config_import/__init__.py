"""Somebody's own pipeline.config: read, checked, explained and made to fit a run.

`way_of` needs nothing; `explain` and `migrate` need `compat.apply()` first.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.engine.config_import.source import way_of

if TYPE_CHECKING:
    from training.engine.config_import.migrating import Migrated
    from training.engine.request import RunRequest

__all__ = ["explain", "migrate", "way_of"]


def explain(path: Path) -> dict[str, Any]:
    """What the config at `path` describes, block by block, and what an import would change; ready for JSON."""
    from training.engine.config_import.explaining import explain as explain_file

    return explain_file(path)


def migrate(
    text: str, classes: dict[int, str], request: RunRequest, most_boxes: int = 0, own_rate: bool = False
) -> Migrated:
    """The config as this engine trains it, with every change and its reason; see `migrating.migrate`."""
    from training.engine.config_import.migrating import migrate as migrate_text

    return migrate_text(text, classes, request, most_boxes, own_rate)
