"""From fixed labels to a compared model, with a stand-in for the training."""

import json

import pytest
from django.core.management import call_command
from django.urls import reverse

from datasets.models import Box
from detections.loop import go_on, loop_of
from sw_site.lib.errors import UserError
from tests.detections.builders import FOUND, finish, make_detector
from tests.factories import make_box, make_image, make_model, make_user, make_version
from tests.fakes.onnx_model import write_onnx_model
from training.models import Run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_preflight(monkeypatch):
    monkeypatch.setattr("training.actions.refuse_if_blocked", lambda findings: None)


@pytest.fixture
def model():
    return make_detector(make_version())


def trained(run):
    model = make_model(run, name=run.name)
    write_onnx_model(model.detector_folder, model.label_map, [FOUND])
    run.job.state = "succeeded"
    run.job.save()


def splits(version):
    return {image.id: image.split for image in version.manifest().images}


def test_step_by_step_to_a_comparison(model):
    old = model.run.version
    Box.objects.filter(image__dataset=old.dataset).update(x1=21)
    new_image = make_box(make_image(old.dataset)).image
    assert loop_of(model).next == "freeze"
    # when frozen, every image keeps its split and the new one is for training
    loop = go_on(model, None)
    assert loop.next == "train" and splits(loop.version) == {**splits(old), new_image.pk: "train"}
    assert {box.x1 for image in loop.version.manifest().images[:-1] for box in image.boxes} == {21}
    # when trained like before, it waits and then evaluates both on the same images
    loop = go_on(model, None)
    assert loop.next == "wait" and loop.run.steps == model.run.steps and loop.run.version == loop.version
    with pytest.raises(UserError, match="still on its way"):
        go_on(model, None)
    trained(Run.objects.get(pk=loop.run.pk))
    assert loop_of(model).next == "evaluate"
    loop = go_on(model, None)
    for evaluation in (loop.before, loop.after):
        assert evaluation.version == loop.version and evaluation.split == "test"
        finish(evaluation.job)
    loop = loop_of(model)
    assert loop.next == "compare" and f"a={loop.before.pk}&b={loop.after.pk}" in loop.compare_url
    with pytest.raises(UserError, match="Everything is done"):
        go_on(model, None)


def test_a_version_that_dealt_the_test_images_anew_does_not_count(model):
    make_version(model.run.version.dataset)
    assert loop_of(model).next == "freeze"


def test_without_a_test_split_it_is_refused_first():
    model = make_detector(make_version(images=2))
    with pytest.raises(UserError, match="no test images"):
        go_on(model, None)


def test_page_api_and_command(client, model, capsys):
    client.force_login(make_user())
    url = reverse("detections:loop", args=[model.pk])
    assert b"New version with these fixes" in client.get(url).content
    assert client.post(url).url == url
    assert b"Retrain like" in client.get(url).content
    api = f"/api/v1/detections/mistakes/loop/{model.pk}"
    assert client.get(api).json()["next"] == "train"
    assert client.post(api).json()["next"] == "wait" and client.post(api).status_code == 409
    call_command("fix_loop", model.name, "--json")
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["next"] == "wait"
