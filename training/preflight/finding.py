"""One thing to know before a run, and the value all checks look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datasets.versions.manifest import Manifest
from training.bases import NOTHING, Base
from training.config import TrainingSettings

if TYPE_CHECKING:
    from datasets.models import DatasetVersion

BLOCK, FIX, WARN = "block", "fix", "warn"
LEVELS = (BLOCK, FIX, WARN)
#: So many images are named and linked; the count is told besides.
EXAMPLES = 6


@dataclass(frozen=True)
class Finding:
    """`level` is "block" (the run is refused), "fix" (mended by itself, and said) or "warn".

    `images` are ids of the first images it is about.
    """

    level: str
    code: str
    message: str
    images: tuple[int, ...] = ()

    @property
    def blocks(self) -> bool:
        return self.level == BLOCK

    @property
    def mends(self) -> bool:
        return self.level == FIX


@dataclass(frozen=True)
class Subject:
    """What is looked at: a version with its content, the settings, and the start."""

    version: DatasetVersion
    manifest: Manifest
    config: TrainingSettings
    base: Base = NOTHING


def some(ids: Iterable[int]) -> tuple[int, ...]:
    """The first few different ids, in order."""
    return tuple(dict.fromkeys(int(pk) for pk in ids))[:EXAMPLES]


def named(names: Iterable[str], most: int = 3) -> str:
    """The first few names for a sentence."""
    different = list(dict.fromkeys(names))
    return ", ".join(different[:most]) + (" …" if len(different) > most else "")


def counted(number: int, one: str, many: str) -> str:
    return one if number == 1 else f"{number:,} {many}"
