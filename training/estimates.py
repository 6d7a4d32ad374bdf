"""How long a run will take, from runs measured on this server where there are any, else from the processor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sw_site.jobs.models import JobState
from training import presets
from training.bases import NOTHING, Base
from training.config import TrainingSettings, chosen_in
from training.models import Run
from training.trials import Trial, key_of, trial_of
from training.words import duration

if TYPE_CHECKING:
    from datasets.models import DatasetVersion

RECENT_RUNS = 10
#: A shorter run is mostly its own start and says little about speed.
MEASURED_STEPS = 100


@dataclass(frozen=True)
class Estimate:
    """Seconds from start to finished model; `source` says what it rests on."""

    seconds: float
    source: str
    measured: bool

    @property
    def words(self) -> str:
        if self.measured:
            return f"About {duration(self.seconds)} ({self.source})."
        return f"Between {duration(self.seconds)} and {duration(2 * self.seconds)} ({self.source})."


def seconds_of(trial: Trial, steps: int) -> float | None:
    """How long so many steps take at the speed of a trial; None without one."""
    return trial.report["seconds_per_step"] * steps if trial.state == "done" else None


def estimate(version: DatasetVersion, settings: TrainingSettings, base: Base = NOTHING) -> Estimate:
    trial = trial_of(key_of(version, settings, base))
    trained = seconds_of(trial, settings.steps)
    if trained is not None:
        source = f"tried out here: {trial.report['seconds_per_step']:.2g} s a step"
        return Estimate(trained + evaluating(version, settings) + presets.START_SECONDS, source, True)
    run = latest_measured_run()
    if run is None:
        speed = presets.typical_steps_per_second(settings.cost)
        source = "a guess from the number of processor cores; the first full run here will tell"
    else:
        earlier = TrainingSettings.for_version(run.version, **chosen_in(run.config))
        speed = (run.steps_per_second or 1.0) * earlier.cost / settings.cost
        source = f"judging by run {run.pk}, which made {run.steps_per_second:.1f} steps/s"
    seconds = settings.steps / speed + evaluating(version, settings)
    return Estimate(seconds + presets.START_SECONDS, source, run is not None)


def evaluating(version: DatasetVersion, settings: TrainingSettings) -> float:
    """Seconds of all evaluations of a run."""
    evaluations = settings.steps / presets.evaluate_every(settings.steps)
    return evaluations * version.counts["val"]["images"] * presets.EVALUATION_SECONDS_PER_IMAGE


def latest_measured_run() -> Run | None:
    finished = Run.objects.filter(job__state=JobState.SUCCEEDED, steps_per_second__gt=0, step__gte=MEASURED_STEPS)
    return next((run for run in finished.select_related("version")[:RECENT_RUNS] if run.config.get("model")), None)
