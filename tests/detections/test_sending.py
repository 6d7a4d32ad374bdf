"""A batch as files to download, and sent to a dataset as proposals."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.urls import reverse

from datasets.formats.voc import read_voc
from datasets.models import Box, ReviewState
from detections.actions import start_filter_batch, start_folder_batch, start_upload_batch
from detections.classes import ClassesDiffer
from detections.prelabel import Wish
from detections.prelabel_actions import start_sending
from detections.targets import Answers
from sw_site.jobs.models import Job
from sw_site.lib.errors import UserError
from tests.detections.builders import FOUND, finish, make_detector, turned_picture, upload
from tests.factories import make_dataset, make_image, make_user, picture_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(alice):
    """Two pictures of one name, each with a BB-8 at 0.9 and an R2-D2 at 0.3."""
    model = make_detector(answers=[FOUND, (2, 0.3, 0.5, 0.5, 1, 1)])
    batch = start_upload_batch(model, [upload("a.jpg"), upload("a.jpg", turned_picture())], alice)
    finish(batch.job)
    batch.refresh_from_db()
    return batch


def download(client, batch, **query):
    response = client.get(reverse("detections:batch-download", args=[batch.pk]), query)
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_downloads(client, batch):
    assert [len(image["boxes"]) for image in json.loads(download(client, batch))["images"]] == [2, 2]
    assert [len(image["boxes"]) for image in json.loads(download(client, batch, threshold="0.5"))["images"]] == [1, 1]
    coco = json.loads(download(client, batch, format="coco", threshold="0.5"))
    assert [(row["width"], row["height"]) for row in coco["images"]] == [(400, 300), (300, 400)]
    assert [row["image_id"] for row in coco["annotations"]] == [1, 2]
    archive = zipfile.ZipFile(io.BytesIO(download(client, batch, format="voc")))
    assert archive.namelist() == ["a.xml", "a-2.xml"]
    assert [box.name for box in read_voc(archive.read("a-2.xml")).boxes] == ["BB-8", "R2-D2"]


@pytest.mark.parametrize("query", [{"format": "exe"}, {"threshold": "high"}])
def test_download_that_means_nothing(client, batch, query):
    response = client.get(reverse("detections:batch-download", args=[batch.pk]), query)
    assert response.url == batch.get_absolute_url()


def test_photos_are_added_and_boxes_proposed(batch, alice):
    dataset = make_dataset()
    job = finish(start_sending(batch, dataset, Wish(threshold=0.5), Answers(), alice))
    assert (job.result["added"], job.result["boxes"], job.result["images"]) == (2, 2, 2)
    sizes = {(image.width, image.height, image.state) for image in dataset.images.all()}
    assert sizes == {(400, 300, ReviewState.UNLABELLED), (300, 400, ReviewState.UNLABELLED)}
    assert {(box.source, box.label_class.name) for box in Box.objects.filter(image__dataset=dataset)} == {
        ("model", "BB-8")
    }
    again = finish(start_sending(batch, dataset, Wish(threshold=0.2), Answers(), alice))
    assert (again.result["added"], again.result["boxes"], dataset.images.count()) == (0, 4, 2)


def test_photos_that_are_there_already_get_the_boxes(alice):
    dataset = make_dataset()
    image = make_image(dataset, state=ReviewState.UNLABELLED)
    batch = start_filter_batch(make_detector(), dataset, "", alice)
    finish(batch.job)
    job = finish(start_sending(batch, dataset, Wish(), Answers(), alice))
    assert (job.result["added"], image.boxes.get().source) == (0, "model")


def test_photos_of_another_dataset_are_added(alice):
    image = make_image(make_dataset(), state=ReviewState.UNLABELLED, file_name="droid.jpg")
    batch = start_filter_batch(make_detector(), image.dataset, "", alice)
    finish(batch.job)
    other = make_dataset()
    finish(start_sending(batch, other, Wish(), Answers(), alice))
    assert [(row.file_name, row.box_count) for row in other.images.all()] == [("droid.jpg", 1)]


def test_what_is_gone_is_named_and_the_rest_is_sent(batch, alice):
    default_storage.delete(batch.images.first().original)
    dataset = make_dataset()
    job = finish(start_sending(batch, dataset, Wish(), Answers(), alice))
    assert [row["code"] for row in job.result["problems"]] == ["not_found"]
    assert dataset.images.count() == 1


def test_classes_that_differ_are_asked_about(batch, alice):
    with pytest.raises(ClassesDiffer):
        start_sending(batch, make_dataset(("droid",)), Wish(), Answers(), alice)


def test_files_of_the_server_are_for_staff(alice, tmp_path):
    (tmp_path / "a.jpg").write_bytes(picture_bytes())
    admin = make_user(is_staff=True)
    batch = start_folder_batch(make_detector(), str(tmp_path), admin)
    finish(batch.job)
    dataset = make_dataset()
    with pytest.raises(UserError, match="Only staff"):
        start_sending(batch, dataset, Wish(), Answers(), alice)
    finish(start_sending(batch, dataset, Wish(), Answers(), admin))
    assert dataset.images.get().file_name == "a.jpg"


def test_not_before_it_is_done(alice):
    batch = start_upload_batch(make_detector(), [upload()], alice)
    with pytest.raises(UserError, match="still at it"):
        start_sending(batch, make_dataset(), Wish(), Answers(), alice)


def test_page(client, alice, batch):
    client.force_login(alice)
    dataset = make_dataset(("droid",))
    url = reverse("detections:batch-send", args=[batch.pk])
    values = {"dataset": dataset.pk, "threshold": "0.5"}
    assert client.get(url).status_code == 200
    assert "The model&#x27;s BB-8" in client.post(url, values).content.decode().replace("'", "&#x27;")
    answers = {"asked_for": f"{batch.model_id}-{dataset.pk}", "class-1": "1", "class-2": ""}
    assert client.post(url, values | answers).url == dataset.get_absolute_url()
    finish(Job.objects.get(kind="prelabel"))
    assert {box.label_class.name for box in Box.objects.filter(image__dataset=dataset)} == {"droid"}


def test_api(client, alice):
    client.force_login(alice)
    model, dataset = make_detector(), make_dataset()
    sent = client.post("/api/v1/detections/batches/upload", {"model": model.pk, "images": [upload(), upload()]})
    assert sent.status_code == 202
    number = sent.json()["id"]
    finish(Job.objects.get(kind="detection"))
    assert client.get(f"/api/v1/detections/batches/{number}/download?format=coco").status_code == 200
    body = {"dataset": dataset.slug, "threshold": 0.5}
    answer = client.post(f"/api/v1/detections/batches/{number}/send", body, content_type="application/json")
    assert (answer.status_code, answer.json()["images"]) == (202, 2)
    make_image(dataset)
    whole = {"model": model.pk, "dataset": dataset.slug, "filter": "state=labelled"}
    started = client.post("/api/v1/detections/batches", whole, content_type="application/json")
    assert (started.status_code, started.json()["source"]) == (202, "filter")


def test_command(batch, capsys):
    dataset = make_dataset()
    call_command("prelabel", dataset.slug, "--batch", str(batch.pk), "--json")
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (result["added"], result["boxes"]) == (2, 2)
