from __future__ import annotations

import pytest

from detections.models import DetectionBatch, Evaluation
from sw_site.api import api
from sw_site.jobs.models import Job
from tests.detections.builders import FOUND, finish, huge_png, make_detector, turned_picture, upload
from tests.factories import make_dataset, make_image, make_user, make_version, picture_bytes

pytestmark = pytest.mark.django_db

ROOT = "/api/v1/detections"


def post(client, path, data):
    return client.post(f"{ROOT}{path}", data, content_type="application/json")


class TestDetect:
    def test_boxes_of_one_image(self, client):
        model = make_detector(answers=[FOUND, (2, 0.3, 0, 0, 1, 1)])
        answer = client.post(f"{ROOT}/models/{model.pk}/detect", {"image": upload()}).json()
        assert (answer["model"], answer["width"], answer["height"]) == (model.name, 400, 300)
        (box,) = answer["boxes"]
        assert box == {"class_id": 1, "class": "BB-8", "score": 0.9, "x1": 22.0, "y1": 30.0, "x2": 122.0, "y2": 150.0}

    def test_threshold(self, client):
        model = make_detector(answers=[FOUND, (2, 0.3, 0, 0, 1, 1)])
        answer = client.post(f"{ROOT}/models/{model.pk}/detect?threshold=0.2", {"image": upload()})
        assert len(answer.json()["boxes"]) == 2

    def test_turned_photo(self, client):
        model = make_detector()
        answer = client.post(f"{ROOT}/models/{model.pk}/detect", {"image": upload("t.jpg", turned_picture(400, 300))})
        assert (answer.json()["width"], answer.json()["height"]) == (300, 400)

    @pytest.mark.parametrize("format", ["json", "voc", "coco", "image"])
    def test_every_kind_of_answer_is_in_the_document(self, client, format):
        address = f"{ROOT}/models/{make_detector().pk}/detect?format={format}"
        kind = client.post(address, {"image": upload()}).headers["Content-Type"].partition(";")[0]
        (operation,) = (
            path["post"] for name, path in api.get_openapi_schema()["paths"].items() if name.endswith("/detect")
        )
        assert kind in operation["responses"][200]["content"]

    def test_nothing_found(self, client):
        model = make_detector(answers=())
        assert client.post(f"{ROOT}/models/{model.pk}/detect", {"image": upload()}).json()["boxes"] == []

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"text", "not_an_image"),
            (picture_bytes()[:900], "image_does_not_decode"),
            (huge_png(), "image_too_large"),
            (b"", "not_an_image"),
        ],
    )
    def test_bad_images(self, client, data, code):
        answer = client.post(f"{ROOT}/models/{make_detector().pk}/detect", {"image": upload("x.jpg", data)})
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == code

    def test_no_image_and_no_model(self, client):
        assert client.post(f"{ROOT}/models/{make_detector().pk}/detect").status_code == 422
        assert client.post(f"{ROOT}/models/999/detect", {"image": upload()}).status_code == 404
        answer = client.post(f"{ROOT}/models/{make_detector().pk}/detect?threshold=7", {"image": upload()})
        assert answer.status_code == 422

    def test_visitor(self, visitor):
        assert visitor.post(f"{ROOT}/models/{make_detector().pk}/detect", {"image": upload()}).status_code == 401


class TestEvaluations:
    def test_create_get_and_list(self, client):
        model = make_detector()
        answer = post(client, "/evaluations", {"model": model.pk, "version": model.run.version_id, "split": "val"})
        assert answer.status_code == 202
        assert (answer.json()["state"], answer.json()["ap"]) == ("queued", None)
        finish(Evaluation.objects.get().job)
        found = client.get(f"{ROOT}/evaluations/{answer.json()['id']}").json()
        assert found["state"] == "succeeded"
        assert found["figures"]["ap50"] == pytest.approx(1.0)
        assert {"name", "ap", "ap50", "precision", "recall", "objects"} <= set(found["figures"]["per_class"][0])
        assert [row["id"] for row in client.get(f"{ROOT}/evaluations").json()["items"]] == [found["id"]]

    def test_get_before_it_is_done(self, client):
        model = make_detector()
        pk = post(client, "/evaluations", {"model": model.pk, "version": model.run.version_id}).json()["id"]
        assert client.get(f"{ROOT}/evaluations/{pk}").json()["figures"]["per_class"] == []

    def test_refusals(self, client):
        model = make_detector()
        other = make_version(make_dataset(classes=("cat",)))
        answer = post(client, "/evaluations", {"model": model.pk, "version": other.pk})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "classes_differ")
        assert post(client, "/evaluations", {"model": model.pk, "version": 999}).status_code == 404
        assert post(client, "/evaluations", {"model": model.pk, "version": other.pk, "split": "x"}).status_code == 422
        assert client.get(f"{ROOT}/evaluations/999").status_code == 404
        assert Evaluation.objects.count() == 0

    def test_visitor(self, visitor):
        assert visitor.get(f"{ROOT}/evaluations").status_code == 401


class TestBatches:
    def test_create_get_and_list(self, client):
        model = make_detector()
        answer = post(client, "/batches", {"model": model.pk, "version": model.run.version_id, "split": "train"})
        assert answer.status_code == 202
        finish(DetectionBatch.objects.get().job)
        found = client.get(f"{ROOT}/batches/{answer.json()['id']}").json()
        assert (found["state"], found["source"]) == ("succeeded", "version")
        assert found["images"][0]["boxes"][0]["class"] == "BB-8"
        assert [row["id"] for row in client.get(f"{ROOT}/batches").json()["items"]] == [found["id"]]

    def test_a_batch_that_was_cancelled_goes_on(self, client):
        model, dataset = make_detector(), make_dataset()
        images = [make_image(dataset) for _ in range(3)]
        answer = post(client, "/batches", {"model": model.pk, "dataset": dataset.slug, "filter": "state=labelled"})
        batch = DetectionBatch.objects.get(pk=answer.json()["id"])
        assert post(client, f"/batches/{batch.pk}/resume", {}).json()["error"]["code"] == "not_resumable"
        Job.objects.update(state="cancelled")
        answer = post(client, f"/batches/{batch.pk}/resume", {})
        assert (answer.status_code, answer.json()["state"]) == (202, "queued")
        finish(batch.job)
        assert batch.images.count() == len(images)
        assert post(client, "/batches/999/resume", {}).status_code == 404

    def test_folder_is_for_staff(self, client, tmp_path):
        (tmp_path / "a.jpg").write_bytes(picture_bytes())
        model = make_detector()
        answer = post(client, "/batches", {"model": model.pk, "folder": str(tmp_path)})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed")
        client.force_login(make_user(is_staff=True))
        assert post(client, "/batches", {"model": model.pk, "folder": str(tmp_path)}).status_code == 202

    def test_refusals(self, client):
        model = make_detector()
        assert post(client, "/batches", {"model": model.pk}).json()["error"]["code"] == "no_images"
        assert post(client, "/batches", {"model": 999, "version": model.run.version_id}).status_code == 404
        assert client.get(f"{ROOT}/batches/999").status_code == 404
        assert DetectionBatch.objects.count() == 0

    def test_lists_cost_the_same_for_few_and_many(self, client, django_assert_num_queries):
        model = make_detector()
        for _ in range(2):
            post(client, "/batches", {"model": model.pk, "version": model.run.version_id, "split": "train"})
            with django_assert_num_queries(4):
                client.get(f"{ROOT}/batches")
