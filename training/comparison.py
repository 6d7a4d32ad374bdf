"""The models of one version side by side: what each started from, how long it took, how good it became."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.models import Run, TrainedModel
from training.words import percent

if TYPE_CHECKING:
    from sw_site.accounts.models import User

MOST_ROWS = 30
#: What two runs must share for the difference between them to be the start's doing.
ALIKE = ("steps", "batch_size", "augmentation")


@dataclass(frozen=True)
class Row:
    """A model beside the one that is looked at; `gain` is its AP50 less that one's, from -1 to 1."""

    model: TrainedModel
    start: str
    seconds: float | None
    gain: float | None
    is_this: bool


def start_of(run: Run) -> str:
    """What a run began with, in words."""
    if run.base_model:
        return run.base_model.name
    path = str(run.config.get("base", {}).get("path", ""))
    return path.rsplit("/", 1)[-1] or "nothing"


def siblings(model: TrainedModel, user: User) -> list[Row]:
    """The models of the same version, the best on validation first, this one among them."""
    others = TrainedModel.objects.visible_to(user).for_list().filter(run__version=model.run.version_id)
    found = others.select_related("run__base_model", "run__job").order_by("-ap50", "-pk")[:MOST_ROWS]
    return [row_of(other, model) for other in found]


def row_of(other: TrainedModel, model: TrainedModel) -> Row:
    known = other.ap50 is not None and model.ap50 is not None
    gain = (other.ap50 or 0.0) - (model.ap50 or 0.0) if known and other.pk != model.pk else None
    job = other.run.job
    seconds = (job.finished_at - job.started_at).total_seconds() if job and job.finished_at and job.started_at else None
    return Row(other, start_of(other.run), seconds, gain, other.pk == model.pk)


def what_the_start_brought(model: TrainedModel, rows: list[Row]) -> str:
    """A sentence when there is a model that differs in nothing but its start; else empty."""
    settings = shared_settings(model.run)
    for row in rows:
        if row.is_this or row.gain is None or shared_settings(row.model.run) != settings:
            continue
        if row.start == "nothing" and start_of(model.run) != "nothing":
            more = "higher" if row.gain <= 0 else "lower"
            here, there, gap = percent(model.ap50), percent(row.model.ap50), abs(100 * row.gain)
            return (
                f"Starting from {start_of(model.run)} brought AP50 to {here}; the same run from nothing "
                f"({row.model.name}) reached {there}, so it is {gap:.1f} points {more}."
            )
    return ""


def shared_settings(run: Run) -> dict[str, Any]:
    train, network = run.config.get("train", {}), run.config.get("model", {})
    return {"network": network, "seed": run.config.get("seed"), **{key: train.get(key) for key in ALIKE}}
