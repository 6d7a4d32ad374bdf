"""The evaluations of a run so far, and whether it is time to stop."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from training.engine.request import TrainRequest
from training.engine.rundir import RunDirectory, read_json, write_json

COUNTED_FROM = 0.3  # part of the steps; before it a run may look as if it did not learn


@dataclass(frozen=True)
class Score:
    """One evaluation: AP on val from 0 to 1, None when there was nothing to measure."""

    step: int
    ap: float | None


def remember(run: RunDirectory, score: Score) -> None:
    """Adds an evaluation to eval/history.json; one of the same step is replaced, so are those after it."""
    kept = [one for one in read_history(run) if one.step < score.step]
    write_json(run.eval_summaries / "history.json", [asdict(one) for one in (*kept, score)])


def read_history(run: RunDirectory) -> list[Score]:
    """The evaluations in the order of their steps."""
    path = run.eval_summaries / "history.json"
    return [Score(**one) for one in read_json(path)] if path.exists() else []


def without_progress(history: list[Score], min_delta: float, counted_from: float) -> int:
    """How many of the latest evaluations, from step `counted_from` on, were no more than `min_delta` above the best."""
    best, waited = 0.0, 0
    for score in history:
        if (score.ap or 0.0) > best + min_delta:
            best, waited = score.ap or 0.0, 0
        elif score.step >= counted_from:
            waited += 1
    return waited


def patience_exhausted(run: RunDirectory, request: TrainRequest) -> bool:
    """Whether the run should stop early; never when it was given no patience."""
    if not request.patience:
        return False
    waited = without_progress(read_history(run), request.min_delta, COUNTED_FROM * request.steps)
    return waited >= request.patience
