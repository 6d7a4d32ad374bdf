"""The checkpoints of a run that are on disk, with what was measured at each."""

from __future__ import annotations

from dataclasses import dataclass

from training.models import Run
from training.sharing.places import run_files


@dataclass(frozen=True)
class KeptCheckpoint:
    """`best` is the one the model is made of: it is never removed. `last` is the one the run would go on from."""

    step: int
    ap: float | None
    ap50: float | None
    best: bool
    last: bool
    size_bytes: int


def checkpoints_of(run: Run) -> list[KeptCheckpoint]:
    """The newest first."""
    files = run_files(run)
    best, kept = (whole_checkpoints(files.sizes(folder)) for folder in ("best", "checkpoints"))
    steps = sorted(best.keys() | kept.keys(), reverse=True)
    measured = {
        (name, step): value
        for name, step, value in run.metrics.filter(name__in=("ap", "ap50"), step__in=steps).values_list(
            "name", "step", "value"
        )
    }
    last = max(kept, default=None)
    return [
        KeptCheckpoint(
            step,
            measured.get(("ap", step)),
            measured.get(("ap50", step)),
            step in best,
            step == last,
            best.get(step, 0) + kept.get(step, 0),
        )
        for step in steps
    ]


def whole_checkpoints(files: dict[str, int]) -> dict[int, int]:
    """Bytes of each whole checkpoint of a folder by its step, from the sizes of its files."""
    found: dict[int, int] = {}
    for name in files:
        prefix, _, kind = name.rpartition(".")
        number = prefix.rpartition("/ckpt-")[2]
        if kind == "index" and number.isdecimal():
            found[int(number)] = sum(size for other, size in files.items() if other.startswith(f"{prefix}."))
    return found
