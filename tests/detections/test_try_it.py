"""Trying a model: one picture answered at once, as JSON, VOC, COCO or a picture, and pictures kept as a batch."""

from __future__ import annotations

import io
import json

import pytest
from django.urls import reverse
from PIL import Image as Picture

from datasets.formats.voc import read_voc
from detections import single
from detections.models import DetectionBatch
from tests.detections.builders import FOUND, huge_png, make_detector, turned_picture, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(client, alice):
    client.force_login(alice)

    def ask(model, image, **query):
        url = reverse("api-1:detect", args=[model.pk])
        return client.post(url, {"image": image}, query_params=query)

    return ask


def test_boxes_of_one_picture(ask):
    answer = ask(make_detector(), upload())
    assert answer.status_code == 200
    (box,) = answer.json()["boxes"]
    assert (box["class"], box["x1"], box["y2"]) == ("BB-8", pytest.approx(22, abs=0.01), pytest.approx(150, abs=0.01))


def test_voc_says_what_labelimg_says(ask):
    answer = ask(make_detector(), upload("a b.jpg"), format="voc")
    assert answer["Content-Disposition"] == 'attachment; filename="a b.xml"'
    record = read_voc(answer.content)
    assert (record.file_name, record.width, [box.name for box in record.boxes]) == ("a b.jpg", 400, ["BB-8"])


def test_coco_has_scores(ask):
    document = json.loads(ask(make_detector(), upload(), format="coco").content)
    assert document["images"][0]["width"] == 400
    assert [(row["category_id"], row["score"]) for row in document["annotations"]] == [(1, pytest.approx(0.9))]
    assert {row["name"] for row in document["categories"]} == {"BB-8", "R2-D2"}


def test_annotated_picture_stands_upright(ask):
    answer = ask(make_detector(), upload("t.jpg", turned_picture()), format="image")
    assert Picture.open(io.BytesIO(answer.content)).size == (300, 400)


def test_threshold_holds_for_files_too(ask):
    model = make_detector(answers=[FOUND, (2, 0.3, 0, 0, 1, 1)])
    counts = [
        len(json.loads(ask(model, upload(), format="coco", threshold=limit).content)["annotations"])
        for limit in (0.05, 0.5, 0.95)
    ]
    assert counts == [2, 1, 0]


@pytest.mark.parametrize(
    ("data", "code"), [(b"no picture", "not_an_image"), (huge_png(), "image_too_large"), (b"", "not_an_image")]
)
def test_what_is_no_picture_is_said_so(ask, data, code):
    answer = ask(make_detector(), upload("x.jpg", data))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)


def test_nothing_found(ask):
    model = make_detector(answers=())
    assert ask(model, upload()).json()["boxes"] == []
    assert json.loads(ask(model, upload(), format="coco").content)["annotations"] == []
    assert ask(model, upload(), format="image").status_code == 200


def test_unknown_format(ask):
    assert ask(make_detector(), upload(), format="exe").status_code == 422


def test_so_many_at_once_and_no_more(ask, monkeypatch):
    monkeypatch.setattr(single, "WAIT_SECONDS", 0.01)
    for _ in range(single.AT_ONCE):
        single._turns.acquire()
    try:
        answer = ask(make_detector(), upload())
    finally:
        for _ in range(single.AT_ONCE):
            single._turns.release()
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")


def test_page(client, alice):
    client.force_login(alice)
    model = make_detector()
    page = client.get(reverse("detections:try", args=[model.pk]))
    assert page.context["try_data"]["detect_url"] == reverse("api-1:detect", args=[model.pk])
    kept = client.post(reverse("detections:try", args=[model.pk]), {"images": [upload("a.jpg"), upload("b.jpg")]})
    batch = DetectionBatch.objects.get()
    assert kept.url == batch.get_absolute_url()
    assert client.post(reverse("detections:try", args=[model.pk])).url == reverse("detections:try", args=[model.pk])


def test_page_of_a_model_whose_files_are_gone(client, alice):
    client.force_login(alice)
    model = make_detector()
    (model.detector_folder / "model.onnx").unlink()
    assert "cannot be loaded" in client.get(reverse("detections:try", args=[model.pk])).content.decode()
