"""Trainings in turn as one job, with a stand-in for the engine."""

import pytest

from detections.metrics import doubts
from detections.metrics.objectlab import compute
from detections.mistakes import folds
from detections.mistakes.actions import start_fold_search
from detections.models import MistakeSearch
from sw_site.jobs.errors import JobError
from sw_site.jobs.models import Job
from sw_site.jobs.queue import retry
from sw_site.lib.errors import UserError
from tests.detections.builders import FOUND, finish, make_detector
from tests.factories import make_box, make_dataset, make_image, make_model, make_run, make_version
from tests.fakes.onnx_model import write_onnx_model
from training import jobs as training_jobs
from training.models import Run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    monkeypatch.setattr(doubts, "box_scores", compute)
    monkeypatch.setattr("training.actions.refuse_if_blocked", lambda findings: None)


@pytest.fixture
def trained(monkeypatch):
    """Training gives a model that always sees the same box; the list holds what was trained."""
    done = []

    def train(context, run_id):
        run = Run.objects.get(pk=run_id)
        context.progress(0.5, 1, "half")
        model = make_model(run, name=run.name)
        write_onnx_model(model.detector_folder, model.label_map, [FOUND])
        done.append(run)

    monkeypatch.setattr(training_jobs, "train", train)
    train.__module__, train.__qualname__ = "training.jobs", "train"
    return done


@pytest.fixture
def model():
    dataset = make_dataset()
    for _ in range(7):
        make_box(make_image(dataset), dataset.classes.get(number=1), x1=22, y1=30, x2=122, y2=150)
    return make_detector(make_version(dataset, images=0), name="like this")


def test_every_image_is_judged_by_a_model_that_has_not_seen_it(model, trained):
    search = start_fold_search(model.run.version.dataset, model, 3, None)
    job = finish(search.job)
    assert job.state == "succeeded", job.error
    search.refresh_from_db()
    assert len(trained) == 3 and search.summary["images"] == 7 and search.summary["trained_on"] == 0
    judged = []
    for run in trained:
        manifest = run.version.manifest()
        val, train = ({image.id for image in manifest.split(split)} for split in ("val", "train"))
        assert len(val | train) == 7 and not val & train
        judged += val
    assert sorted(judged) == sorted(set(judged)) and len(judged) == 7


def test_what_was_trained_is_kept_when_a_later_fold_fails(model, trained, monkeypatch):
    search = start_fold_search(model.run.version.dataset, model, 2, None)
    good = training_jobs.train

    def fails_at_second(context, run_id):
        if trained:
            raise JobError("No memory.")
        return good(context, run_id)

    monkeypatch.setattr(training_jobs, "train", fails_at_second)
    job = finish(search.job)
    assert job.state == "failed" and "fold 2" in job.error and "No memory." in job.error
    states = [fold.run.job.state for fold in search.fold_runs.select_related("run__job")]
    assert states == ["succeeded", "failed"] and not MistakeSearch.objects.get().summary
    # when the search is tried again, it goes on with the fold that failed
    monkeypatch.setattr(training_jobs, "train", good)
    assert retry(job, deliver=False) and finish(job).state == "succeeded"
    assert len(trained) == 2 and MistakeSearch.objects.get().summary["images"] == 7


def test_a_search_that_was_cancelled_goes_on_with_its_fold(model, trained, monkeypatch):
    search = start_fold_search(model.run.version.dataset, model, 2, None)
    good = training_jobs.train

    def cancelled(context, run_id):
        Job.objects.filter(pk=search.job.pk).update(cancel_requested=True)
        context.step(1, 2, "half")
        return good(context, run_id)

    monkeypatch.setattr(training_jobs, "train", cancelled)
    monkeypatch.setattr("sw_site.jobs.context.WRITE_EVERY_SECONDS", 0)
    assert finish(search.job).state == "cancelled"
    monkeypatch.setattr(training_jobs, "train", good)
    assert retry(search.job, deliver=False) and finish(search.job).state == "succeeded"


def test_a_start_that_has_seen_the_images_is_not_used(model):
    run = make_run(
        make_version(model.run.version.dataset), base_model=make_detector(make_version(model.run.version.dataset))
    )
    search = MistakeSearch.objects.create(dataset=model.run.version.dataset, model=model, folds=2)
    assert folds.untouched_base(run, set(search.dataset.images.values_list("pk", flat=True)), search).model is None
    other = make_run(make_version(search.dataset), base_model=make_detector(make_version()))
    assert folds.untouched_base(other, set(search.dataset.images.values_list("pk", flat=True)), search).model


def test_too_few_or_too_many_folds_are_refused(model):
    for count in (1, 11):
        with pytest.raises(UserError, match="2 to 10"):
            start_fold_search(model.run.version.dataset, model, count, None)
