"""Several runs side by side: their curves over one another, and the settings in which they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sw_site.lib.errors import UserError
from training.comparison import start_of
from training.models import Run
from training.series import POINTS, curves

if TYPE_CHECKING:
    from sw_site.accounts.models import User

MOST_RUNS = 6
#: Curves that are drawn over one another: (name of the metric, title, label of the axis).
CURVES = (
    ("ap50", "AP50 on validation", "AP50 (0 to 1)"),
    ("ap", "AP on validation", "AP (0 to 1)"),
    ("total_loss", "Total loss", "Loss"),
    ("learning_rate", "Learning rate", "Learning rate"),
)


@dataclass(frozen=True)
class Difference:
    """A setting and what each of the runs has for it."""

    name: str
    values: list[str]


def runs_to_compare(user: User, texts: Sequence[str]) -> list[Run]:
    """The runs of these numbers that the user may see, in the order given. UserError unless there are from 2 to 6."""
    numbers = list(dict.fromkeys(int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 16))
    found = Run.objects.visible_to(user).for_list().select_related("model", "base_model").in_bulk(numbers[:50])
    runs = [found[number] for number in numbers if number in found]
    if not 2 <= len(runs) <= MOST_RUNS:
        raise UserError("bad_runs", f"Choose from 2 to {MOST_RUNS} runs to compare; {len(runs)} were chosen.", 422)
    return runs


def differences(runs: Sequence[Run]) -> list[Difference]:
    """Every setting in which not all runs agree, in alphabetical order after version, start and seed."""
    rows = [facts(run) for run in runs]
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = [Difference(name, [row.get(name, "–") for row in rows]) for name in names]
    return [row for row in table if len(set(row.values)) > 1]


def facts(run: Run) -> dict[str, str]:
    first = {"version": str(run.version), "started from": start_of(run), "seed": str(run.seed)}
    settings = {
        name.replace("_", " "): str(value)
        for part in ("model", "train")
        for name, value in sorted(run.config.get(part, {}).items())
    }
    return {**first, **settings, **run.config.get("overrides", {})}


def curves_of(runs: Sequence[Run], name: str) -> dict[str, Any]:
    """{"series": {"run-3": [[step, value], ...]}, "finished": bool} of one metric, at most 1,000 points a run."""
    series = {f"run-{run.pk}": curves(run, POINTS, name).get(name, []) for run in runs}
    return {"series": series, "finished": not any(run.is_active for run in runs)}


def chart_series(runs: Sequence[Run]) -> list[dict[str, str]]:
    return [{"key": f"run-{run.pk}", "label": run.name} for run in runs]


def document(runs: Sequence[Run]) -> dict[str, Any]:
    """The comparison for programs."""
    return {
        "runs": [{"run": run.pk, "name": run.name, "best_ap": run.best_ap, "best_ap50": run.best_ap50} for run in runs],
        "differences": {row.name: row.values for row in differences(runs)},
    }
