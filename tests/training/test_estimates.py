"""How long a run will take, in words that do not promise too much."""

from __future__ import annotations

from sw_site.jobs.models import Job, JobState
from training.config import TrainingSettings
from training.estimates import estimate

SETTINGS = TrainingSettings(steps=1000)


def test_without_a_measured_run_it_is_a_guess_with_a_range(version, monkeypatch):
    monkeypatch.setattr("training.presets.os.cpu_count", lambda: 2)
    words = estimate(version, SETTINGS).words
    assert words.startswith("Between 4 min and 8 min (a guess")


def test_a_measured_run_is_scaled_to_the_work_asked_for(version, waiting_run):
    run = waiting_run("droids")
    Job.objects.filter(pk=run.job_id).update(state=JobState.SUCCEEDED)
    run.steps_per_second, run.step = 10.0, 99
    run.save()
    assert not estimate(version, SETTINGS).measured
    run.step = 100
    run.save()
    same = estimate(version, SETTINGS)
    assert same.words == f"About 3 min (judging by run {run.pk}, which made 10.0 steps/s)."
    doubled = estimate(version, TrainingSettings(steps=1000, batch_size=16))
    assert doubled.seconds - same.seconds == 100
