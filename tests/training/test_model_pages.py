"""Pages of the model registry, as Alice and as a visitor."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.urls import reverse

from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import run_here
from tests.factories import make_model, make_run
from training.models import Run, TrainedModel


def text(response):
    return response.content.decode()


@pytest.fixture
def model(waiting_run, fake_engine) -> TrainedModel:
    run = waiting_run("My droids")
    run_here(run.job)
    return Run.objects.get(pk=run.pk).model


def test_an_empty_registry_offers_a_run(client):
    assert "No models yet" in text(client.get(reverse("training:model-list")))


def test_the_registry_shows_figures(client, model):
    page = text(client.get(reverse("training:model-list")))
    assert "My droids" in page and "50.0 %" in page and "90.0 %" in page and "320 px" in page


def test_the_registry_costs_the_same_whatever_its_length(client, version, django_assert_max_num_queries):
    for _ in range(12):
        make_model(make_run(version))
    with django_assert_max_num_queries(8):
        client.get(reverse("training:model-list"))


def test_a_model_shows_where_it_comes_from_and_what_can_be_done(client, model):
    page = text(client.get(model.get_absolute_url()))
    assert str(model.run.version.dataset) in page and model.run.get_absolute_url() in page
    assert reverse("detections:try", args=[model.pk]) in page
    assert f"{reverse('detections:evaluation-create')}?model={model.pk}" in page
    assert "BB-8" in page and "R2-D2" in page
    assert reverse("training:export-download", args=[model.pk, "onnx"]) in page
    assert "not exported yet" in page


def test_a_model_shows_what_it_was_trained_on_from_and_as(client, model, version):
    child = make_model(make_run(version, base_model=model), name="grandchild")
    assert "grandchild" in text(client.get(model.get_absolute_url()))
    assert "My droids" in text(client.get(child.get_absolute_url()))


@pytest.mark.parametrize("page", ["model-detail", "export-download"])
def test_visitors_see_no_model(visitor, model, page):
    arguments = [model.pk] if page == "model-detail" else [model.pk, "onnx"]
    assert visitor.get(reverse(f"training:{page}", args=arguments)).status_code == 302


def test_what_is_not_there_is_404(client, model):
    assert client.get(reverse("training:model-detail", args=[999])).status_code == 404
    assert client.post(reverse("training:model-export", args=[999])).status_code == 404
    assert client.get(reverse("training:export-download", args=[999, "onnx"])).status_code == 404
    assert client.get(reverse("training:export-download", args=[model.pk, "saved_model"])).status_code == 404
    assert client.get(reverse("training:export-download", args=[model.pk, "tflite"])).status_code == 404


def test_an_export_is_made_in_the_background_once(client, model):
    url = reverse("training:model-export", args=[model.pk])
    assert client.get(url).status_code == 405
    page = client.post(url, {"format": "saved_model"}, follow=True)
    client.post(url, {"format": "saved_model"})
    job = Job.objects.get(kind="export")
    assert (job.queue, job.state, job.subject_url) == ("gpu", JobState.QUEUED, model.get_absolute_url())
    assert "Waiting for a worker" in text(page)
    run_here(job)
    page = text(client.get(model.get_absolute_url()))
    assert reverse("training:export-download", args=[model.pk, "saved_model"]) in page


@pytest.mark.parametrize(
    ("format", "words"), [("", "not a format"), ("coreml", "not a format"), ("onnx", "is exported")]
)
def test_an_export_that_makes_no_sense_is_refused(client, model, format, words):
    response = client.post(reverse("training:model-export", args=[model.pk]), {"format": format}, follow=True)
    assert words in text(response)
    assert not Job.objects.filter(kind="export").exists()


def test_a_failed_export_says_why_and_can_be_tried_again(client, waiting_run, fake_engine):
    run = waiting_run("droids no-export")
    run_here(run.job)
    url = reverse("training:model-export", args=[run.model.pk])
    client.post(url, {"format": "frozen_graph"})
    run_here(Job.objects.get(kind="export"))
    page = text(client.get(run.model.get_absolute_url()))
    assert "does not answer like its checkpoint" in page
    client.post(url, {"format": "frozen_graph"})
    assert Job.objects.filter(kind="export").count() == 2


def test_a_download_is_a_zip_of_the_whole_folder(client, model):
    response = client.get(reverse("training:export-download", args=[model.pk, "onnx"]))
    assert response["Content-Disposition"] == 'attachment; filename="my-droids-onnx.zip"'
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == [
        f"my-droids-onnx/{name}" for name in ("REGISTRY_CARD.md", "label_map.pbtxt", "model.json", "model.onnx")
    ]


def pair(version, **other):
    """Two models that differ in their start: one from nothing, one from a backbone."""
    config = {"seed": 1, "model": {"input_size": 224}, "train": {"steps": 20, "batch_size": 8}}
    begun = {**config, "base": {"kind": "backbone", "path": "/w/mobilenet.weights.h5"}, **other}
    scratch = make_model(make_run(version, config=config), name="scratch", ap50=0.106)
    return scratch, make_model(make_run(version, config=begun), name="begun", ap50=0.893)


def test_a_model_stands_beside_the_others_of_its_version(client, version):
    scratch, begun = pair(version)
    page = text(client.get(begun.get_absolute_url()))
    assert scratch.get_absolute_url() in page and "mobilenet.weights.h5" in page
    assert "\N{MINUS SIGN}78.7" in page and "this one" in page
    assert "reached 10.6 %, so it is 78.7 points higher" in page
    assert "+78.7" in text(client.get(scratch.get_absolute_url()))


def test_only_runs_that_differ_in_nothing_but_the_start_are_compared_in_words(client, version):
    _, begun = pair(version, seed=2)
    page = text(client.get(begun.get_absolute_url()))
    assert "\N{MINUS SIGN}78.7" in page and "points higher" not in page


def test_a_model_that_is_alone_on_its_version_has_nobody_beside_it(client, model):
    assert "Beside the others" not in text(client.get(model.get_absolute_url()))


def test_a_network_offers_only_what_it_can_be_written_as(client, version):
    model = make_model(make_run(version, config={"model": {"architecture": "faster_rcnn_resnet50_keras"}}))
    page = text(client.get(model.get_absolute_url()))
    assert page.count("Not possible: Faster R-CNN cuts proposals") == 3
    assert page.count('class="btn small">Export<') == 3
    url = reverse("training:model-export", args=[model.pk])
    assert "cannot be written as tflite" in text(client.post(url, {"format": "tflite"}, follow=True))
