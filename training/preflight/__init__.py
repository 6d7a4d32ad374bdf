"""What would stop a run or spoil its model, found before any computer time is spent.

The checks go from the outside to the inside: files, boxes, classes, splits, settings and start, machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from datasets.versions.manifest import ManifestError
from sw_site.lib.errors import UserError
from training.bases import NOTHING, Base
from training.config import TrainingSettings
from training.preflight import boxes, classes, files, machine, settings, splits, start
from training.preflight.finding import BLOCK, FIX, LEVELS, WARN, Finding, Subject

if TYPE_CHECKING:
    from datasets.models import DatasetVersion

__all__ = ["BLOCK", "FIX", "WARN", "Finding", "preflight", "refuse_if_blocked"]

Check = Callable[[Subject], Iterable[Finding]]
CHECKS: tuple[Check, ...] = (boxes.check, classes.check, splits.check, settings.check, start.check, machine.check)


def preflight(
    version: DatasetVersion, config: TrainingSettings, base: Base = NOTHING, *, decode: bool = False
) -> list[Finding]:
    """Everything found wrong with training this version with these settings from this start.

    What blocks comes first, then what is mended, then what is worth knowing. With `decode` every image is read to its
    end; without, only the head of its file is.
    """
    try:
        manifest = version.manifest()
    except ManifestError as error:
        return [Finding(BLOCK, "version_unreadable", str(error))]
    subject = Subject(version, manifest, config, base)
    found = list(files.check_files(manifest, decode))
    for check in CHECKS:
        found += check(subject)
    return sorted(found, key=lambda finding: LEVELS.index(finding.level))


def refuse_if_blocked(findings: list[Finding]) -> None:
    """UserError with every blocking sentence, under the first one's code."""
    blocking = [finding for finding in findings if finding.blocks]
    if blocking:
        raise UserError(blocking[0].code, " ".join(finding.message for finding in blocking), 422)
