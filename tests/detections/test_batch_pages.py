from __future__ import annotations

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse

from detections.actions import start_upload_batch, start_version_batch
from detections.models import DetectionBatch
from tests.detections.builders import FOUND, finish, make_detector, upload
from tests.factories import make_user, make_version, picture_bytes

pytestmark = pytest.mark.django_db

CREATE = "/detections/new/"


def make_uploads(count=1, answers=(FOUND,), files=None) -> DetectionBatch:
    batch = start_upload_batch(make_detector(answers=answers), files or [upload() for _ in range(count)], None)
    assert finish(batch.job).state == "succeeded"
    batch.refresh_from_db()
    return batch


def make_version_batch(images=6, answers=(FOUND,)) -> DetectionBatch:
    version = make_version(images=images)
    batch = start_version_batch(make_detector(version, answers), version, "train", None)
    finish(batch.job)
    return batch


def test_uploaded_images_with_boxes_and_slider(client):
    batch = make_uploads(answers=[FOUND, (2, 0.2, 0, 0, 0.5, 0.5)])
    page = client.get(batch.get_absolute_url())
    html = page.content.decode()
    assert page.status_code == 200
    assert "data-threshold" in html and "js/threshold.js" in html
    assert 'data-score="0.9000"' in html and 'data-score="0.2000"' in html
    assert reverse("detections:file", args=[batch.images.get().pk]) in html


def test_version_images_show_the_labels_dashed(client):
    batch = make_version_batch()
    page = client.get(batch.get_absolute_url())
    image = batch.images.first()
    photo = page.context["photos"][0]
    assert 'class="box truth dashed"' in photo.overlay
    assert photo.href == reverse("datasets:image-detail", args=[image.image_id])
    assert "Dashed: the labels of" in page.content.decode()


def test_nothing_found_is_said(client):
    page = client.get(make_uploads(answers=()).get_absolute_url())
    assert "nothing found" in page.content.decode()


def test_unusable_files_are_listed(client):
    batch = make_uploads(files=[upload(), upload("<b>notes</b>.txt", b"hello")])
    html = client.get(batch.get_absolute_url()).content.decode()
    assert "1 file could not be used" in html
    assert "<b>notes" not in html and "b&gt;.txt" in html


def test_no_usable_file_at_all(client):
    batch = make_uploads(files=[upload("notes.txt", b"hello")])
    assert "None of the files is an image" in client.get(batch.get_absolute_url()).content.decode()


def test_batch_is_paged(client):
    batch = make_uploads(count=26)
    assert len(client.get(batch.get_absolute_url(), {"page": 2}).context["photos"]) == 2


def test_page_costs_the_same_for_few_and_many(client, django_assert_num_queries):
    small, large = make_version_batch(images=4), make_version_batch(images=40)
    client.get(small.get_absolute_url())
    for batch in (small, large):
        with django_assert_num_queries(10):
            assert client.get(batch.get_absolute_url()).status_code == 200


def test_image_that_left_the_dataset_is_still_shown(client):
    batch = make_version_batch()
    batch.version.dataset.images.all().delete()
    page = client.get(batch.get_absolute_url())
    assert page.context["photos"][0].thumb_url == reverse("detections:file", args=[batch.images.first().pk])


def test_waiting_page_polls_and_the_fragment_ends_it(client):
    batch = start_upload_batch(make_detector(), [upload()], None)
    status = reverse("detections:batch-status", args=[batch.pk])
    assert f'hx-get="{status}"' in client.get(batch.get_absolute_url()).content.decode()
    assert "HX-Refresh" not in client.get(status)
    finish(batch.job)
    assert client.get(status)["HX-Refresh"] == "true"


def test_download(client):
    batch = make_uploads()
    response = client.get(reverse("detections:batch-download", args=[batch.pk]))
    assert f"detections-{batch.pk}.json" in response["Content-Disposition"]
    (image,) = response.json()["images"]
    assert (image["file"], image["width"], image["height"]) == ("photo.jpg", 400, 300)
    assert image["boxes"][0]["class"] == "BB-8"


class TestFile:
    def test_serves_the_stored_picture(self, client):
        image = make_uploads().images.get()
        response = client.get(reverse("detections:file", args=[image.pk]))
        assert response["Content-Type"] == "image/jpeg"
        assert b"".join(response.streaming_content) == default_storage.open(image.file).read()

    def test_is_for_people_of_the_team(self, visitor):
        image = make_uploads().images.get()
        assert visitor.get(reverse("detections:file", args=[image.pk])).status_code == 302

    def test_gone_or_unknown(self, client):
        image = make_uploads().images.get()
        default_storage.delete(image.file)
        assert client.get(reverse("detections:file", args=[image.pk])).status_code == 404
        assert client.get(reverse("detections:file", args=[999])).status_code == 404


class TestForm:
    def test_upload(self, client, alice):
        model = make_detector()
        answer = client.post(CREATE, {"model": model.pk, "source": "upload", "images": [upload(), upload("b.png")]})
        batch = DetectionBatch.objects.get()
        assert answer.url == batch.get_absolute_url()
        assert (batch.created_by, batch.job.queue, len(batch.job.payload["uploads"])) == (alice, "gpu", 2)

    def test_errors_of_other_sources_do_not_count(self, client):
        answers = {"source": "upload", "version": "999", "split": "none", "images": [upload()]}
        client.post(CREATE, {"model": make_detector().pk, **answers})
        assert DetectionBatch.objects.get().source == "upload"

    def test_version(self, client):
        model = make_detector()
        client.post(CREATE, {"model": model.pk, "source": "version", "version": model.run.version_id, "split": "test"})
        batch = DetectionBatch.objects.get()
        assert (batch.version, batch.split) == (model.run.version, "test")

    def test_folder_of_staff(self, client, alice, tmp_path):
        (tmp_path / "a.jpg").write_bytes(picture_bytes())
        client.force_login(make_user(is_staff=True))
        client.post(CREATE, {"model": make_detector().pk, "source": "folder", "folder": str(tmp_path)})
        assert DetectionBatch.objects.get().folder == str(tmp_path)

    def test_folder_is_not_offered_to_others_and_not_taken_from_them(self, client, tmp_path):
        model = make_detector()
        assert "folder" not in client.get(CREATE).context["form"].fields
        answer = client.post(CREATE, {"model": model.pk, "source": "folder", "folder": str(tmp_path)})
        assert answer.status_code == 422
        assert DetectionBatch.objects.count() == 0

    @pytest.mark.parametrize(
        ("answers", "words"),
        [
            ({"source": "upload"}, "Choose at least one image."),
            ({"source": "version"}, "Choose a version."),
            ({"source": "upload", "version": "999"}, "Choose at least one image."),
            ({"source": "nonsense"}, "Select a valid choice"),
            ({}, "This field is required"),
        ],
    )
    def test_missing_answers(self, client, answers, words):
        answer = client.post(CREATE, {"model": make_detector().pk, **answers})
        assert answer.status_code == 422
        assert words in answer.content.decode()

    def test_empty_folder_is_told_on_the_form(self, client, tmp_path):
        client.force_login(make_user(is_staff=True))
        answer = client.post(CREATE, {"model": make_detector().pk, "source": "folder", "folder": str(tmp_path)})
        assert answer.status_code == 422
        assert "There are no images in" in answer.content.decode()

    def test_model_whose_files_are_gone(self, client):
        model = make_detector()
        (model.detector_folder / "model.onnx").unlink()
        answer = client.post(CREATE, {"model": model.pk, "source": "upload", "images": [upload()]})
        assert answer.status_code == 422
        assert "cannot be loaded" in answer.content.decode()

    def test_without_models(self, client):
        assert "There is no model yet" in client.get(CREATE).content.decode()


class TestList:
    def test_empty(self, client):
        assert "No evaluations yet" in client.get("/detections/").content.decode()
        assert "No detections yet" in client.get("/detections/", {"show": "batches"}).content.decode()

    def test_shows_batches(self, client):
        batch = make_version_batch()
        html = client.get("/detections/", {"show": "batches"}).content.decode()
        assert batch.get_absolute_url() in html and "train" in html

    def test_costs_the_same_for_few_and_many(self, client, django_assert_num_queries):
        for _ in range(2):
            make_uploads()
            with django_assert_num_queries(6):
                client.get("/detections/", {"show": "batches"})


def test_visitor_is_sent_to_sign_in(visitor):
    batch = make_uploads()
    for name in ("batch-detail", "batch-status", "batch-download"):
        assert visitor.get(reverse(f"detections:{name}", args=[batch.pk])).status_code == 302
    assert visitor.get("/detections/").status_code == 302
    assert visitor.post(CREATE, {}).status_code == 302


def test_unknown_batch(client):
    for name in ("batch-detail", "batch-status", "batch-download"):
        assert client.get(reverse(f"detections:{name}", args=[999])).status_code == 404
