"""Events become rows once, whatever arrives and in whatever pieces."""

from __future__ import annotations

import json

import pytest

from sw_site.jobs.context import JobContext
from training.following import RunFollower, message_of, progress_of, seconds_left, smoothed
from training.models import Metric


@pytest.fixture
def follower(waiting_run):
    run = waiting_run("droids", steps=200)
    run.directory.mkdir(parents=True)
    return RunFollower(run, JobContext(run.job))


def write(follower, *events, end="\n"):
    with follower.path.open("a") as file:
        file.write("\n".join(json.dumps(event) for event in events) + end)


def step(number, total=1.0):
    return {"type": "step", "step": number, "loss": {"total": total}, "steps_per_second": 2.0}


def points(name="total_loss"):
    return list(Metric.objects.filter(name=name).values_list("step", "value"))


def test_no_file_yet_is_no_news(follower):
    follower.pull()
    assert follower.run.events_offset == 0


def test_half_a_line_waits_for_its_end(follower):
    line = json.dumps(step(10))
    write(follower, step(5))
    with follower.path.open("a") as file:
        file.write(line[:20])
    follower.pull()
    assert points() == [(5, 1.0)]
    with follower.path.open("a") as file:
        file.write(line[20:] + "\n")
    follower.pull()
    assert points() == [(5, 1.0), (10, 1.0)]


def test_the_offset_is_kept_with_the_rows(follower, waiting_run):
    write(follower, step(5))
    follower.pull()
    follower.run.refresh_from_db()
    assert follower.run.events_offset == follower.path.stat().st_size


def test_repeated_steps_replace_their_points(follower):
    write(follower, step(5, 3.0), step(10, 2.0))
    follower.pull()
    write(follower, step(5, 1.5), step(5, 1.25))
    follower.pull()
    assert points() == [(5, 1.25), (10, 2.0)]


def test_values_that_could_not_be_measured_are_no_points(follower):
    write(follower, {"type": "step", "step": 1, "loss": {"total": None}, "learning_rate": 0.1})
    write(follower, {"type": "eval", "step": 1, "ap": None, "ap50": None, "per_class": {}, "best": True})
    follower.pull()
    assert points() == [] and points("ap") == []
    assert points("learning_rate") == [(1, 0.1)]
    assert (follower.run.best_step, follower.run.best_ap) == (1, None)


def test_only_better_evaluations_change_the_best(follower):
    write(follower, {"type": "eval", "step": 50, "ap": 0.4, "ap50": 0.8, "per_class": {"A": {"ap": 0.4}}, "best": True})
    write(follower, {"type": "eval", "step": 100, "ap": 0.3, "ap50": 0.7, "per_class": {}, "best": False})
    follower.pull()
    follower.run.refresh_from_db()
    assert (follower.run.best_step, follower.run.best_ap, follower.run.best_per_class) == (50, 0.4, {"A": {"ap": 0.4}})
    assert points("ap50") == [(50, 0.8), (100, 0.7)]


def test_what_was_restored_is_in_the_log(follower):
    skipped = [{"name": "head", "reason": "other shape"}]
    write(follower, {"type": "restored", "from": "x.weights.h5", "kept": 255, "skipped": skipped})
    follower.pull()
    assert "Restored 255 tensors from x.weights.h5; 1 did not fit" in follower.context.job.log


def test_an_error_is_kept_for_the_job(follower):
    write(follower, {"type": "error", "code": "nan_loss", "message": "Lower the learning rate."})
    follower.pull()
    assert follower.error["code"] == "nan_loss"


def test_unknown_events_and_broken_lines_are_passed_over(follower):
    with follower.path.open("a") as file:
        file.write('{"type": "ste\n[1]\n{"type": "surprise"}\n')
    write(follower, step(7))
    follower.pull()
    assert points() == [(7, 1.0)]


def test_messages_say_how_far_and_how_long(follower):
    run = follower.run
    assert (message_of(run), seconds_left(run)) == ("", None)
    run.phase, run.step, run.steps_per_second = "training", 80, 2.0
    assert message_of(run) == "Step 80 of 200, 2.0 steps/s, about 1 min left"
    assert progress_of(run) == pytest.approx(0.95 * 0.4)
    run.phase = "evaluating"
    assert message_of(run) == "Measuring on the validation images (step 80 of 200)"
    run.phase = "exporting"
    assert progress_of(run) == 0.95


@pytest.mark.parametrize(
    ("speed", "latest", "expected"), [(None, 3.0, 3.0), (0.01, 3.0, 3.0), (4.0, 3.0, 3.8), (4.0, 6.0, 4.4)]
)
def test_the_speed_is_steady_but_forgets_the_first_slow_step(speed, latest, expected):
    assert smoothed(speed, latest) == pytest.approx(expected)


def test_a_retry_takes_back_what_came_after_its_checkpoint(follower):
    write(follower, step(5, 3.0), step(10, 2.0))
    follower.pull()
    sentence = "The loss was not a number at step 15; going on from step 5 with half the learning rate."
    write(follower, step(15, 900.0), {"type": "retry", "step": 5, "failed_step": 15, "message": sentence})
    write(follower, {"type": "state", "state": "restoring", "message": sentence})
    follower.pull()
    assert points() == [(5, 3.0)] and follower.run.step == 5
    assert sentence in follower.context.job.log + "\n".join(follower.context._lines)
    write(follower, step(10, 1.5))
    follower.pull()
    assert points() == [(5, 3.0), (10, 1.5)]
