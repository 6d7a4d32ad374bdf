from __future__ import annotations

import pytest
from django.core.files.storage import default_storage

from detections.actions import measure_again, start_evaluation
from detections.classes import ClassesDiffer
from detections.documents import judged_boxes
from detections.models import Evaluation
from sw_site.jobs.models import JobState
from sw_site.lib.errors import UserError
from tests.detections.builders import FOUND, finish, make_detector
from tests.factories import make_dataset, make_model, make_version

pytestmark = pytest.mark.django_db


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
    (row,) = judged_boxes(evaluation)
    assert (row["match"], row["class_id"], row["score"]) == ("tp", 1, pytest.approx(0.9))
    assert [row[edge] for edge in ("x1", "y1", "x2", "y2")] == pytest.approx([22, 30, 122, 150], abs=1e-3)


def test_each_wrong_box_is_a_row(alice):
    version = make_version()
    answers = [FOUND, (1, 0.8, *FOUND[2:]), (2, 0.7, *FOUND[2:]), (2, 0.6, 0.8, 0.8, 0.9, 0.9), (1, 0.01, 0, 0, 1, 1)]
    evaluation = start_evaluation(make_detector(version, answers), version, "val", alice)
    finish(evaluation.job)
    evaluation.refresh_from_db()
    matches = [row["match"] for row in judged_boxes(evaluation)]
    assert matches == ["tp", "duplicate", "wrong_class", "background", "poor_box"]
    assert evaluation.figures["tide"]["counts"] == {"Cls": 1, "Loc": 1, "Both": 0, "Dupe": 1, "Bkg": 1, "Miss": 0}
    assert evaluation.figures["confusion"] == [[1, 0, 0], [0, 0, 0], [1, 2, 0]]


def test_model_that_finds_nothing_misses_everything(alice):
    version = make_version()
    evaluation = start_evaluation(make_detector(version, ()), version, "train", alice)
    assert finish(evaluation.job).state == JobState.SUCCEEDED
    evaluation.refresh_from_db()
    assert (evaluation.ap, evaluation.ap50) == (0.0, 0.0)
    assert {row["match"] for row in judged_boxes(evaluation)} == {"missed"}


def test_a_second_attempt_replaces_what_the_first_wrote(alice):
    version = make_version()
    evaluation = start_evaluation(make_detector(version), version, "val", alice)
    finish(evaluation.job)
    evaluation.job.__class__.objects.update(state=JobState.QUEUED)
    finish(evaluation.job)
    evaluation.refresh_from_db()
    assert len(judged_boxes(evaluation)) == 1


def test_classes_meet_by_name(alice):
    """The model knows R2-D2 as 1 and "cat" as 2; the version has R2-D2 as 2 and no cat."""
    version = make_version()
    model = make_detector(version, [(1, 0.9, *FOUND[2:]), (2, 0.9, *FOUND[2:])], classes={"1": "R2-D2", "2": "cat"})
    with pytest.raises(ClassesDiffer):
        start_evaluation(model, version, "test", alice)
    evaluation = start_evaluation(model, version, "test", alice, {2: None})  # one object, of class 2
    finish(evaluation.job)
    evaluation.refresh_from_db()
    assert evaluation.ap50 == pytest.approx(1.0)
    assert [row["class_id"] for row in judged_boxes(evaluation)] == [2]
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
    assert (evaluation.figures, evaluation.boxes_file) == ({}, "")


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


def test_measuring_again_takes_the_labels_of_now_and_does_not_run_the_model(alice, monkeypatch):
    version = make_version()
    evaluation = start_evaluation(make_detector(version), version, "val", alice)  # FOUND is the label of val
    finish(evaluation.job)
    evaluation.refresh_from_db()
    image = version.dataset.images.get(pk=version.manifest().split("val")[0].id)
    image.boxes.update(x1=300, x2=390)
    monkeypatch.setattr("detections.evaluation.load_predictor", None)
    again = measure_again(evaluation, alice)
    assert finish(again.job).state == JobState.SUCCEEDED
    again.refresh_from_db()
    assert (evaluation.ap50, again.ap50) == (pytest.approx(1.0), 0.0)
    assert (again.labels, again.source) == ("current", evaluation)
    assert [row["match"] for row in judged_boxes(again)] == ["background", "missed"]


def test_measuring_again_names_images_that_left(alice):
    version = make_version()
    evaluation = start_evaluation(make_detector(version), version, "train", alice)
    finish(evaluation.job)
    evaluation.refresh_from_db()
    gone = version.manifest().split("train")[0].id
    version.dataset.images.filter(pk=gone).delete()
    again = measure_again(evaluation, alice)
    finish(again.job)
    again.refresh_from_db()
    assert again.figures["images"] == evaluation.figures["images"] - 1
    assert [problem["code"] for problem in again.figures["problems"]] == ["image_gone"]


def test_measuring_again_needs_boxes(alice):
    version = make_version()
    evaluation = start_evaluation(make_detector(version), version, "val", alice)
    with pytest.raises(UserError, match="kept no boxes"):
        measure_again(evaluation, alice)
    assert Evaluation.objects.count() == 1
