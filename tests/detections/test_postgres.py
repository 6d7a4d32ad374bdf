"""The questions of detections that lean on the database most, told on SQLite and on Postgres: both give the same."""

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from datasets.models import Box
from detections.actions import resume_batch, start_evaluation, start_filter_batch, start_version_batch
from detections.metrics import doubts
from detections.metrics.objectlab import compute
from detections.mistakes.actions import start_search
from detections.mistakes.answers import answer, next_open, take_back
from detections.mistakes.yields import yields
from detections.models import Detection
from detections.prelabel import Wish
from detections.prelabel_actions import start_prelabel, start_sending
from detections.targets import Answers
from tests.detections.builders import FOUND, finish, make_detector
from tests.factories import make_box, make_image, make_user, make_version

#: What the detector sees on every image, in pixels of 400 x 300.
SEEN = {"x1": 22, "y1": 30, "x2": 122, "y2": 150}


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    monkeypatch.setattr(doubts, "box_scores", compute)


def site():
    """An administrator's browser, a version, a model on it and its dataset."""
    version, client = make_version(), Client()
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    return client, version, make_detector(version, [FOUND, (2, 0.3, 0.5, 0.5, 0.9, 0.9)]), version.dataset


def opened(client, row, **query):
    return client.get(row.get_absolute_url(), query).status_code


def test_batches_and_their_pages(on_both):
    def story():
        client, version, model, dataset = site()
        batches = [start_version_batch(model, version, "train", None), start_filter_batch(model, dataset, "", None)]
        jobs = [finish(batch.job) for batch in batches]
        found = Detection.objects.filter(image__batch=batches[1]).order_by("image_id", "-score")
        rows = [(row.class_id, round(row.score, 3), round(row.x1)) for row in found]
        pages = [opened(client, batch, page=page) for batch in batches for page in (1, 99)]
        pages.append(client.get(reverse("detections:batch-list"), {"show": "batches"}).status_code)
        files = [
            len(client.get(reverse("detections:batch-download", args=[batches[1].pk]), {"format": kind}).getvalue())
            > 50
            for kind in ("json", "voc", "coco")
        ]
        return [(job.state, job.result) for job in jobs], rows, pages, files

    (first, *_), rows, pages, files = on_both(story)
    assert first[0] == "succeeded" and len(rows) == 12 and set(pages) == {200} and all(files)


def test_a_batch_that_failed_goes_on(on_both):
    def story():
        _, version, model, _ = site()
        graph = model.detector_folder / "model.onnx"
        kept = graph.read_bytes()
        batch = start_version_batch(model, version, "train", None)
        graph.unlink()
        states = [finish(batch.job).state]
        graph.write_bytes(kept)
        states.append(finish(resume_batch(batch)).state)
        return states, batch.images.count()

    assert on_both(story) == (["failed", "succeeded"], 4)


def test_proposals_from_a_filter_and_from_a_batch(on_both):
    def story():
        _, _, model, dataset = site()
        bare = [make_image(dataset, state="unlabelled") for _ in range(3)]
        wish = Wish("?state=unlabelled", 0.5, False)
        first = finish(start_prelabel(model, dataset, wish, Answers(), make_user()))
        batch = start_filter_batch(model, dataset, "?state=unlabelled", None)
        finish(batch.job)
        second = finish(start_sending(batch, dataset, Wish("", 0.25, False), Answers(), make_user()))
        boxes = Box.objects.filter(image__in=bare, source="model")
        counts = {name: second.result[name] for name in ("images", "boxes", "added", "passed")}
        return first.state, first.result["boxes"], second.state, counts, boxes.count()

    assert on_both(story)[0] == "succeeded"


def test_an_evaluation_and_its_gallery(on_both):
    def story():
        client, version, model, _ = site()
        evaluation = start_evaluation(model, version, "train", None)
        job = finish(evaluation.job)
        evaluation.refresh_from_db()
        pages = [
            opened(client, evaluation, **query)
            for query in ({}, {"match": "background", "sort": "-score"}, {"class": "1", "view": "images", "iou": "0.7"})
        ]
        pages.append(client.get(reverse("detections:batch-list")).status_code)
        return job.state, evaluation.ap50, evaluation.figures["tide"]["counts"], pages

    state, ap50, _, pages = on_both(story)
    assert state == "succeeded" and ap50 > 0 and set(pages) == {200}


def test_label_mistakes_answers_and_their_yield(on_both):
    def story():
        client, version, model, dataset = site()
        for number in [2] + [1] * 12:
            make_box(make_image(dataset), dataset.classes.get(number=number), **SEEN)
        search = start_search(dataset, model, None)
        job = finish(search.job)
        search.refresh_from_db()
        user, first = make_user("judge"), next_open(search, "wrong_class")
        answer(first, "taken", user)
        before = {kind: (each.open, each.judged, each.mistakes) for kind, each in yields(search).items()}
        take_back(first, user)
        after = {kind: (each.open, each.judged, each.mistakes) for kind, each in yields(search).items()}
        return job.state, before, after, opened(client, search), opened(client, search, kind="wrong_class")

    state, before, after, *pages = on_both(story)
    assert (state, before["wrong_class"][1:], after["wrong_class"][1:]) == ("succeeded", (1, 1), (0, 0))
    assert set(pages) == {200}


def test_both_databases_were_asked(on_both):
    vendors = []
    on_both(lambda: vendors.append(connection.vendor))
    assert vendors == ["sqlite", "postgresql"]
