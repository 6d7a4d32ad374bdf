"""What a person chose otherwise than the site would have: marked in the form, and told on a run's page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sw_site.lib.errors import UserError
from training.config import TrainingSettings

if TYPE_CHECKING:
    from datasets.models import DatasetVersion
    from training.bases import Base

LABELS = {
    "steps": "Steps", "architecture": "Network", "depth_multiplier": "Depth multiplier", "input_size": "Input size",
    "batch_size": "Batch size", "learning_rate": "Learning rate", "augmentation": "Augmentation",
    "horizontal_flip": "Mirrored", "patience": "Patience", "freeze": "Kept at first", "seed": "Seed",
}  # fmt: skip


@dataclass(frozen=True)
class Chosen:
    """A setting by its name in the form: what was chosen, and what it would be by itself."""

    name: str
    value: str
    automatic: str

    @property
    def label(self) -> str:
        return LABELS[self.name]


def chosen_otherwise(version: DatasetVersion, settings: TrainingSettings, base: Base) -> list[Chosen]:
    """Settings that differ from what this version, start and network would get; nothing for a config of one's own."""
    if settings.is_custom:
        return []
    try:
        plain = TrainingSettings.for_version(version, base)
        usual = TrainingSettings.for_version(
            version, base, architecture=settings.architecture, batch_size=settings.batch_size
        )
        batch = TrainingSettings.for_version(version, base, architecture=settings.architecture).batch_size
    except UserError:  # a start whose own shape does not fit the network that was chosen
        return []
    automatic = {**vars(usual), "architecture": plain.architecture, "batch_size": batch}
    return [
        Chosen(name, words(getattr(settings, name)), words(automatic[name]))
        for name in LABELS
        if getattr(settings, name) != automatic[name]
    ]


def words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value) or "nothing"
