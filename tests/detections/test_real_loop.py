"""Trainings in turn and the loop from fixed labels to a compared model, on the real engine with a few tiny steps."""

from __future__ import annotations

import pytest

from datasets.models import Box
from detections.loop import go_on, loop_of
from detections.mistakes.actions import start_fold_search
from detections.models import MistakeSearch
from tests.detections.builders import FOUND, finish
from tests.factories import make_model, make_version
from tests.fakes.onnx_model import write_onnx_model
from tests.training.test_real_engine import CONFIG
from training.actions import start_run
from training.config import TrainingSettings
from training.configs import keep, request_explanation
from training.models import Run, TrainedModel

pytestmark = [pytest.mark.training, pytest.mark.django_db]

FOLDS = 2


@pytest.fixture
def model(settings, tmp_path, alice):
    """A model whose run was made with a tiny network; what it sees is made up, so that one training less is needed."""
    settings.RUNS_ROOT = tmp_path / "runs"
    config = keep(CONFIG.encode())
    assert finish(request_explanation(config, user=alice, submit=False)).state == "succeeded"
    version = make_version(images=8)
    chosen = TrainingSettings.for_version(version, architecture=config.reference, steps=2, batch_size=2)
    run = start_run(version, chosen, user=alice, name="before the fixes", submit=False)
    model = make_model(run, name="before the fixes")
    write_onnx_model(model.detector_folder, model.label_map, [FOUND])
    return model


def test_folds_and_the_loop_are_trained_for_real(model, alice):
    dataset = model.run.version.dataset
    # when the labels are judged by trainings in turn
    search = start_fold_search(dataset, model, FOLDS, alice, submit=False)
    job = finish(search.job)
    assert job.state == "succeeded", job.error
    # then every image was judged by a network that had not seen it
    summary = MistakeSearch.objects.get(pk=search.pk).summary
    assert summary["images"] == dataset.images.count() and summary["predictions"] > 0 and not summary["problems"]
    judged: set[int] = set()
    for fold in search.fold_runs.all():
        trained = TrainedModel.objects.get(run=fold.run)
        assert trained.step == 2 and (trained.detector_folder / "model.onnx").stat().st_size > 10_000
        val, train = ({image.id for image in fold.version.manifest().split(split)} for split in ("val", "train"))
        assert not val & train and not val & judged
        judged |= val
    assert len(judged) == summary["images"]
    # when a label is fixed and the loop is gone through
    Box.objects.filter(image__dataset=dataset).update(x1=24)
    assert go_on(model, alice).next == "train"
    loop = go_on(model, alice)
    assert finish(loop.run.job).state == "succeeded", (loop.run.job.error, Run.objects.get(pk=loop.run.pk).phase)
    assert loop_of(model).next == "evaluate"
    loop = go_on(model, alice)
    for evaluation in (loop.before, loop.after):
        assert finish(evaluation.job).state == "succeeded"
    # then both are compared on the same images of test, with the labels as fixed
    loop = loop_of(model)
    assert loop.next == "compare" and loop.new.step == 2
    old, new = ({image.id for image in one.manifest().split("test")} for one in (model.run.version, loop.version))
    assert old == new and {box.x1 for image in loop.version.manifest().split("test") for box in image.boxes} == {24}
