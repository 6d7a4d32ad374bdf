from __future__ import annotations

import pytest
from django.core.files.storage import default_storage

from detections.actions import start_evaluation
from detections.metrics.values import Outcome
from detections.models import Evaluation, Match, MatchedBox
from sw_site.jobs.models import JobState
from sw_site.lib.errors import UserError
from tests.detections.builders import FOUND, finish, make_detector
from tests.factories import make_dataset, make_model, make_version

pytestmark = pytest.mark.django_db


def test_outcomes_of_the_metrics_are_the_rows_of_the_table():
    assert {outcome.value for outcome in Outcome} == set(Match.values)


def test_evaluation_keeps_figures_and_matches(alice):
    version = make_version()  # val holds one image, with one object of class 1
    evaluation = start_evaluation(make_detector(version), version, "val", alice)
    job = finish(evaluation.job)
    assert (job.state, job.queue, job.kind) == (JobState.SUCCEEDED, "default", "evaluation")
    evaluation.refresh_from_db()
    assert evaluation.ap50 == pytest.approx(1.0)
    assert evaluation.figures["images"] == 1
    first, second = evaluation.figures["per_class"]
    assert (first["name"], first["objects"], first["precision"], first["recall"]) == ("BB-8", 1, 1.0, 1.0)
    assert (second["name"], second["objects"], second["ap"]) == ("R2-D2", 0, None)
    (row,) = evaluation.boxes.all()
    assert (row.match, row.class_id, row.score) == ("tp", 1, pytest.approx(0.9))
    assert (row.x1, row.y1, row.x2, row.y2) == pytest.approx((22, 30, 122, 150), abs=1e-3)


def test_each_wrong_box_is_a_row(alice):
    version = make_version()
    answers = [FOUND, (1, 0.8, *FOUND[2:]), (2, 0.7, *FOUND[2:]), (2, 0.6, 0.8, 0.8, 0.9, 0.9), (1, 0.01, 0, 0, 1, 1)]
    evaluation = start_evaluation(make_detector(version, answers), version, "val", alice)
    finish(evaluation.job)
    matches = list(evaluation.boxes.order_by("-score").values_list("match", flat=True))
    assert matches == ["tp", "duplicate", "wrong_class", "background"]  # 0.01 is measured, but no row


def test_model_that_finds_nothing_misses_everything(alice):
    version = make_version()
    evaluation = start_evaluation(make_detector(version, ()), version, "train", alice)
    assert finish(evaluation.job).state == JobState.SUCCEEDED
    evaluation.refresh_from_db()
    assert (evaluation.ap, evaluation.ap50) == (0.0, 0.0)
    assert set(evaluation.boxes.values_list("match", flat=True)) == {"missed"}


def test_a_second_attempt_replaces_the_rows(alice):
    version = make_version()
    evaluation = start_evaluation(make_detector(version), version, "val", alice)
    finish(evaluation.job)
    evaluation.job.__class__.objects.update(state=JobState.QUEUED)
    finish(evaluation.job)
    assert evaluation.boxes.count() == 1


def test_classes_meet_by_name(alice):
    """The model knows R2-D2 as 1 and "cat" as 2; the version has R2-D2 as 2 and no cat."""
    version = make_version()
    model = make_detector(version, [(1, 0.9, *FOUND[2:]), (2, 0.9, *FOUND[2:])], classes={"1": "R2-D2", "2": "cat"})
    evaluation = start_evaluation(model, version, "test", alice)  # one object, of class 2
    finish(evaluation.job)
    evaluation.refresh_from_db()
    assert evaluation.ap50 == pytest.approx(1.0)
    assert evaluation.boxes.get().class_id == 2
    figures = evaluation.figures
    assert (figures["only_model"], figures["only_version"]) == (["cat"], ["BB-8"])
    assert figures["ignored_predictions"] == 1


def test_image_whose_file_is_gone_is_listed(alice):
    version = make_version()
    image = version.manifest().split("train")[0]
    default_storage.delete(image.file)
    evaluation = start_evaluation(make_detector(version), version, "train", alice)
    assert finish(evaluation.job).state == JobState.SUCCEEDED
    evaluation.refresh_from_db()
    (problem,) = evaluation.figures["problems"]
    assert (problem["file"], problem["code"]) == (image.file_name, "not_found")


def test_no_readable_image_fails_with_a_sentence(alice):
    version = make_version()
    for image in version.manifest().split("val"):
        default_storage.delete(image.file)
    evaluation = start_evaluation(make_detector(version), version, "val", alice)
    job = finish(evaluation.job)
    assert job.state == JobState.FAILED
    assert "None of the 1 images" in job.error


def test_cancel_leaves_nothing(alice, monkeypatch):
    version = make_version()
    evaluation = start_evaluation(make_detector(version), version, "train", alice)
    monkeypatch.setattr("detections.jobs.JobContext.check", cancel)
    assert finish(evaluation.job).state == JobState.CANCELLED
    evaluation.refresh_from_db()
    assert (evaluation.figures, MatchedBox.objects.count()) == ({}, 0)


def cancel(context):
    from sw_site.jobs.errors import JobCancelled

    raise JobCancelled


def test_empty_split_is_refused_before_anything_is_written(alice):
    version = make_version(images=2)
    with pytest.raises(UserError, match="no images in its val split"):
        start_evaluation(make_detector(version), version, "val", alice)
    assert Evaluation.objects.count() == 0


def test_foreign_classes_are_refused(alice):
    other = make_version(make_dataset(classes=("cat", "dog")))
    with pytest.raises(UserError) as error:
        start_evaluation(make_detector(make_version()), other, "val", alice)
    assert error.value.code == "classes_differ"
    assert Evaluation.objects.count() == 0


def test_model_without_files_is_refused(alice):
    model = make_model()
    with pytest.raises(UserError, match="cannot be loaded"):
        start_evaluation(model, model.run.version, "val", alice)


def test_deleted_evaluation_ends_quietly(alice):
    version = make_version()
    evaluation = start_evaluation(make_detector(version), version, "val", alice)
    job = evaluation.job
    evaluation.delete()
    assert finish(job).state == JobState.SUCCEEDED
