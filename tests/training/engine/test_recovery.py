"""What a run does after its loss was not a number or its memory was full, and when it has waited long enough."""

import pytest

from training.engine.errors import EngineError
from training.engine.failures import MEMORY, NAN, explain
from training.engine.history import Score, patience_exhausted, read_history, remember, without_progress
from training.engine.recovery import Recovery, sentence
from training.engine.request import TrainRequest
from training.engine.rundir import RunDirectory


def test_not_a_number_is_retried_once_with_a_tenth_of_the_rate():
    second = Recovery().after(NAN, 8)
    assert second == Recovery(rate_scale=0.1, gradient_clip=10.0, after_nan=1)
    assert second.after(NAN, 8) is None


def test_full_memory_halves_the_batch_twice():
    second = Recovery().after(MEMORY, 9)
    assert (second.batch_size, second.rate_scale) == (4, pytest.approx(4 / 9))
    third = second.after(MEMORY, 4)
    assert (third.batch_size, third.rate_scale) == (2, pytest.approx(2 / 9))
    assert third.after(MEMORY, 2) is None
    assert Recovery().after(MEMORY, 1) is None


def test_both_at_once_and_nothing_else():
    both = Recovery().after(MEMORY, 8).after(NAN, 4)
    assert (both.batch_size, both.rate_scale, both.gradient_clip) == (4, pytest.approx(0.05), 10.0)
    assert Recovery().after("disk_full", 8) is None


def test_it_survives_the_process(tmp_path):
    run = RunDirectory(tmp_path)
    assert Recovery.load(run) == Recovery()
    changed = Recovery().after(MEMORY, 8)
    changed.save(run)
    assert Recovery.load(run) == changed


def test_the_sentence_says_from_where():
    assert "going on from step 20 with a tenth" in sentence(NAN, 25, 20, Recovery(), 8)
    said = sentence(MEMORY, 1, 0, Recovery(batch_size=4), 8)
    assert "starting again with batches of 4 instead of 8" in said


def test_errors_of_the_engine_explain_themselves():
    error = EngineError(NAN, "diverged")
    assert explain(error) is error
    assert explain(MemoryError()).code == MEMORY


def test_waiting_starts_anew_with_every_real_gain():
    history = [Score(step, ap) for step, ap in ((10, 0.1), (20, 0.101), (30, 0.2), (40, 0.201), (50, None), (60, 0.19))]
    assert without_progress(history, 0.002, counted_from=0) == 3
    assert without_progress(history[:2], 0.002, counted_from=0) == 1
    assert without_progress(history, 0.002, counted_from=55) == 1
    assert without_progress([], 0.002, counted_from=0) == 0


def test_patience(tmp_path):
    run = RunDirectory(tmp_path)
    for step, ap in ((100, 0.5), (200, 0.5), (300, 0.5), (400, 0.5), (500, 0.5)):
        remember(run, Score(step, ap))
    assert patience_exhausted(run, TrainRequest(steps=1000, patience=3))
    assert not patience_exhausted(run, TrainRequest(steps=1000, patience=4))
    assert not patience_exhausted(run, TrainRequest(steps=1000))
    assert not patience_exhausted(run, TrainRequest(steps=1000, patience=0))


def test_an_evaluation_done_again_replaces_what_followed(tmp_path):
    run = RunDirectory(tmp_path)
    for step in (10, 20, 30, 20):
        remember(run, Score(step, step / 100))
    assert [score.step for score in read_history(run)] == [10, 20]
