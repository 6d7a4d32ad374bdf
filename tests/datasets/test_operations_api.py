"""Saving over the API: what the browser sends, and what it is told."""

from __future__ import annotations

import json
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_box, make_image, make_user

pytestmark = pytest.mark.django_db


class TestApi:
    def post(self, client, image, **body):
        body = {"batch": str(uuid.uuid4()), "base_revision": 0, "operations": [], **body}
        url = reverse("api-1:save_image_operations", args=[image.pk])
        return client.post(url, json.dumps(body), content_type="application/json")

    def values(self, image, **fields):
        return {"class_id": image.dataset.classes.first().pk, "x1": 1, "y1": 2, "x2": 30, "y2": 40, **fields}

    def test_saving(self, client):
        image = make_image()
        box = {"id": str(uuid.uuid4()), "box": self.values(image)}
        answer = self.post(client, image, operations=[box])
        expected = {
            "revision": 1,
            "state": "labelled",
            "verified": False,
            "negative": False,
            "boxes": None,
            "notes": [],
        }
        assert answer.json() == expected

    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"x1": "12"}, "x1"),
            ({"x2": 1e300}, "x2"),
            ({"x2": None}, "x2"),
            ({"class_id": -1}, "class_id"),
            ({"class_id": "cat"}, "class_id"),
            ({"class_id": 2**64}, "class_id"),
            ({"difficult": "yes"}, "difficult"),
            ({"score": -0.5}, "score"),
            ({"source": "me"}, "source"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_values_that_are_none_are_named(self, client, fields, named):
        image = make_image()
        answer = self.post(client, image, operations=[{"id": str(uuid.uuid4()), "box": self.values(image, **fields)}])
        assert answer.status_code == 400 and f"operations.0.box.{named}:" in answer.json()["error"]["message"]
        assert not image.boxes.exists()

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_what_is_no_number_of_json_is_said(self, client, value):
        image = make_image()
        answer = self.post(client, image, operations=[{"id": str(uuid.uuid4()), "box": self.values(image, x1=value)}])
        assert answer.status_code == 400 and answer.json()["error"]["code"] == "not_json"
        assert "operations.0.box.x1 is" in answer.json()["error"]["message"]
        assert "is no number of JSON" in answer.json()["error"]["message"] and not image.boxes.exists()

    @pytest.mark.parametrize(
        ("body", "named"),
        [
            ({"batch": "x"}, "batch"),
            ({"base_revision": -1}, "base_revision"),
            ({"base_revision": "0"}, "base_revision"),
            ({"operations": "all"}, "operations"),
            ({"operations": [{}]}, "operations.0.id"),
            ({"operations": [{"id": str(uuid.uuid4())}] * 100_000}, "operations"),
            ({"operations": [{"id": str(uuid.UUID(int=1))}, {"id": str(uuid.UUID(int=1))}]}, "operations"),
            ({"operations": [{"id": str(uuid.uuid4()), "op": "explode"}]}, "operations.0.op"),
            ({"verified": 1}, "verified"),
            ({"revision": 3}, "revision"),
        ],
    )
    def test_bodies_that_are_none_are_named(self, client, body, named):
        answer = self.post(client, make_image(), **body)
        assert answer.status_code == 400 and f".{named}:" in answer.json()["error"]["message"]

    @pytest.mark.parametrize("body", ["", "{", "[" * 200_000, "9" * 5000, b"\xff\xfe{", "null", "[]"])
    def test_a_body_that_cannot_be_read_is_refused(self, client, body):
        url = reverse("api-1:save_image_operations", args=[make_image().pk])
        assert client.post(url, body, content_type="application/json").status_code == 400

    def test_too_large_a_body_is_said(self, client, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20
        answer = self.post(client, make_image(), batch="x" * 2**20)
        assert answer.status_code == 413 and answer.json()["error"]["code"] == "too_large"

    def test_a_conflict_is_told_with_both_versions(self, client):
        image = make_image()
        box = make_box(image)
        was = self.values(image, x1=box.x1, y1=box.y1, x2=box.x2, y2=box.y2)
        for x1, status in ((11, 200), (12, 409)):
            change = {"id": str(box.pk), "box": {**was, "x1": x1}, "was": was}
            answer = self.post(client, image, operations=[change])
            assert answer.status_code == status
        assert answer.json()["conflicts"][0]["theirs"]["x1"] == 11

    def test_a_save_asks_no_more_than_it_must(self, client, django_assert_num_queries):
        image = make_image()
        boxes = [make_box(image) for _ in range(8)]
        was = [self.values(image, x1=box.x1, y1=box.y1, x2=box.x2, y2=box.y2) for box in boxes]
        changes = [
            {"id": str(box.pk), "box": {**one, "x1": 11}, "was": one} for box, one in zip(boxes, was, strict=True)
        ]
        # Session, person; a savepoint and its end; image and boxes read; boxes, image, revision written.
        with django_assert_num_queries(9):
            assert self.post(client, image, operations=changes).status_code == 200

    def test_a_batch_that_comes_again_for_a_newer_revision_is_done_once(self, on_both):
        def story():
            client, image, batch = Client(), make_image(), str(uuid.uuid4())
            client.force_login(make_user(is_staff=True))
            change = {"id": str(uuid.uuid4()), "box": self.values(image)}
            said = [self.post(client, image, batch=batch, base_revision=n, operations=[change]) for n in (0, 0, 1)]
            assert [answer.status_code for answer in said] == [200] * 3
            return [answer.json()["revision"] for answer in said], image.revisions.count(), image.boxes.count()

        assert on_both(story) == ([1, 1, 1], 1, 1)

    def test_a_visitor_is_asked_to_sign_in(self, visitor):
        assert self.post(visitor, make_image()).status_code == 401
