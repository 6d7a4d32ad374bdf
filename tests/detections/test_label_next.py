"""Label next: the unsure first, spread out, as a view."""

from __future__ import annotations

import json

import numpy as np
import pytest
from django.core.management import call_command
from django.urls import reverse

from datasets import likeness
from datasets.models import ReviewState, SavedView
from detections import label_next
from detections.label_next import choose, distances_of, entropy, k_center
from detections.models import BatchSource, Detection, DetectionBatch, DetectionImage
from detections.prelabel_actions import start_label_next
from sw_site.lib.errors import UserError
from tests.detections.builders import finish, make_detector
from tests.factories import make_dataset, make_image

pytestmark = pytest.mark.django_db
BLACK, WHITE = bytes(likeness.LENGTH), b"\xff" * likeness.LENGTH


def found(batch, image, *scores):
    row = DetectionImage.objects.create(
        batch=batch, image_id=image.pk, file_name=image.file_name, file=image.file, width=400, height=300
    )
    edges = {"x1": 0, "y1": 0, "x2": 10, "y2": 10}
    Detection.objects.bulk_create(Detection(image=row, class_id=1, score=score, **edges) for score in scores)


def test_entropy_is_highest_in_the_middle():
    assert entropy(np.array([0.5, 0.0, 1.0, 0.25])) == pytest.approx([1, 0, 0, 0.8112781], abs=1e-6)


def test_k_center_takes_the_farthest():
    places = np.array([0.0, 1.0, 2.0, 10.0, 11.0])
    assert k_center(np.abs(places[:, None] - places), 3) == [0, 4, 2]
    assert sorted(k_center(np.zeros((3, 3)), 9)) == [0, 1, 2]


def test_distances():
    table = distances_of([BLACK, WHITE, None])
    assert table.tolist() == [[0, 2, 1], [2, 0, 1], [1, 1, 0]]


@pytest.fixture
def batch():
    dataset = make_dataset()
    return DetectionBatch.objects.create(model=make_detector(), source=BatchSource.FILTER, dataset=dataset)


def test_the_unsure_come_first(batch, monkeypatch):
    monkeypatch.setattr(label_next, "POOL", 1)
    images = [make_image(batch.dataset, state=ReviewState.UNLABELLED) for _ in range(4)]
    for image, scores in zip(images, [(0.99,), (0.95, 0.5), (), (0.7,)], strict=True):
        found(batch, image, *scores)
    assert choose(batch, 2) == [images[1].pk, images[3].pk]


def test_of_photos_that_look_alike_one_is_chosen(batch):
    prints = [BLACK, BLACK, WHITE]
    images = [make_image(batch.dataset, state=ReviewState.UNLABELLED, fingerprint=print_) for print_ in prints]
    for image, score in zip(images, (0.5, 0.52, 0.6), strict=True):
        found(batch, image, score)
    assert choose(batch, 2) == [images[0].pk, images[2].pk]


def test_what_is_labelled_meanwhile_is_left_out(batch):
    found(batch, make_image(batch.dataset), 0.5)
    assert choose(batch, 5) == []


def test_job_fills_the_view(alice):
    dataset = make_dataset()
    for _ in range(4):
        make_image(dataset, state=ReviewState.UNLABELLED)
    make_image(dataset)
    batch = start_label_next(make_detector(), dataset, "", 3, "First", alice)
    job = finish(batch.job)
    view = SavedView.objects.get(name="First")
    assert (job.result["images"], job.result["chosen"], view.images.count()) == (4, 3, 3)
    assert job.result["view_url"] == view.get_absolute_url()


def test_nothing_left(alice):
    dataset = make_dataset()
    make_image(dataset)
    with pytest.raises(UserError, match="Every photo of this filter has an answer"):
        start_label_next(make_detector(), dataset, "", 3, "", alice)
    assert not SavedView.objects.exists()


def test_page_and_api(client, alice):
    client.force_login(alice)
    dataset, model = make_dataset(), make_detector()
    image = make_image(dataset, state=ReviewState.UNLABELLED)
    url = reverse("detections:label-next", args=[dataset.slug])
    assert client.get(url).context["unanswered"] == 1
    assert client.post(url, {"model": model.pk, "count": 0}).status_code == 422
    started = client.post(url, {"model": model.pk, "count": 5})
    batch = DetectionBatch.objects.get()
    assert started.url == batch.get_absolute_url()
    finish(batch.job)
    assert "Label the 1 chosen" in client.get(started.url).content.decode()
    body = {"dataset": dataset.slug, "model": model.pk, "count": 2}
    answer = client.post("/api/v1/detections/label-next", body, content_type="application/json")
    assert answer.status_code == 202
    finish(DetectionBatch.objects.get(pk=answer.json()["batch"]).job)
    assert [row.pk for row in SavedView.objects.get(pk=answer.json()["view"]).images.all()] == [image.pk]


def test_command(alice, capsys):
    dataset = make_dataset()
    image = make_image(dataset, state=ReviewState.UNLABELLED)
    call_command("label_next", dataset.slug, "--model", make_detector().name, "--user", alice.username, "--json")
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["chosen"] == [image.pk]
