"""The health report: figures against counts made by hand, and advice that fits them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from django.core.management import call_command
from django.urls import reverse

from datasets.health import detectors
from datasets.health.charts import bars, heat
from datasets.health.leaks import leaks_of
from datasets.health.report import health_report
from datasets.health.tables import boxes_of, images_of
from datasets.likeness import LENGTH
from datasets.models import Image, LikePair
from datasets.traits import refresh_traits
from tests.factories import make_box, make_dataset, make_image, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    """400 x 200 photos: one with a 40 x 20 BB-8 and a 200 x 100 R2-D2, one empty, one unlabelled and damaged."""
    dataset = make_dataset()
    bb8, r2d2 = dataset.classes.all()
    image = make_image(dataset, 400, 200)
    make_box(image, bb8, x1=0, y1=0, x2=40, y2=20)
    make_box(image, r2d2, x1=100, y1=50, x2=300, y2=150)
    make_image(dataset, 400, 200, negative=True)
    make_image(dataset, 300, 300, state="unlabelled", defect="cut short")
    refresh_traits(dataset.images.values_list("pk", flat=True))
    return dataset


def counts(rows):
    return {row["from"]: row["count"] for row in rows if row["count"]}


def test_figures(dataset):
    report = health_report(dataset, "ssd_fpn", 320)
    assert [report[k] for k in ("images", "labelled", "unlabelled", "negatives", "damaged", "boxes")] == [
        3,
        2,
        1,
        1,
        1,
        2,
    ]
    assert [(c["name"], c["boxes"], c["images"], c["share"]) for c in report["classes"]] == [
        ("BB-8", 1, 1, 0.5),
        ("R2-D2", 1, 1, 0.5),
    ]
    assert counts(report["boxes_per_image"]) == {0: 1, 2: 1}
    assert report["image_sizes"]["common"][0] == {"width": 400, "height": 200, "images": 2}
    assert counts(report["sizes"]) == {32: 1, 128: 1}  # stretched to a square: 32 x 32 and 160 x 160 pixels
    assert counts(report["aspects"]) == {0.67: 2} and report["too_small"] == 0
    assert report["positions"][0][0] == 1 and report["positions"][4][6] == 1 and sum(map(sum, report["positions"])) == 2
    assert report["anchors_fit"] == 1 and report["anchor_sides"][0] == 32


def test_labels_of_photos_that_came_meanwhile_are_left_out(dataset):
    boxes, where = boxes_of(dataset, images_of(dataset)["id"][1:])
    assert len(boxes) == len(where) == 0
    ids = images_of(dataset)["id"]
    boxes, where = boxes_of(dataset, ids)
    assert where.tolist() == [0, 0] and boxes["x2"].tolist() == [40, 300]


def test_a_small_input_size_loses_small_objects(dataset):
    report = health_report(dataset, "ssd_fpn", 64)
    assert report["too_small"] == 0.5 and report["advice"]["sizes"]["level"] == "bad"


def test_anchors():
    exact = np.array([[64.0, 64.0], [640.0, 10.0]])
    fit = detectors.best_overlap(exact, detectors.DETECTORS["ssd_fpn"].anchors(320))
    assert fit[0] == 1 and fit[1] < 0.2
    ssd = detectors.DETECTORS["ssd"].anchors(300)
    assert np.sqrt(ssd.prod(1)).min() == pytest.approx(60) and np.sqrt(ssd.prod(1)).max() == pytest.approx(285)


@pytest.mark.parametrize("detector", list(detectors.DETECTORS))
def test_every_detector_and_an_empty_dataset(detector):
    report = health_report(make_dataset(classes=()), detector)
    assert report["boxes"] == 0 and "no photo" in report["advice"]["labelling"]["text"]
    json.dumps(report)


def test_leaks_are_shots_across_splits():
    version = make_version(images=6)  # train, train, val, test, train, train
    dataset = version.dataset
    assert leaks_of(make_dataset()) is None and leaks_of(dataset)["groups"] == 0
    images = list(dataset.images.order_by("pk"))
    same = [images[0], images[1], images[3]]
    Image.objects.filter(pk__in=[i.pk for i in same]).update(fingerprint=bytes(LENGTH))
    found = leaks_of(dataset)
    assert (found["groups"], found["images"]) == (1, 3)
    assert found["examples"] == [[{"id": images[0].pk, "split": "train"}, {"id": images[3].pk, "split": "test"}]]
    assert health_report(dataset)["advice"]["leaks"]["level"] == "bad"


def test_leaks_of_a_large_version_come_from_the_pairs_found_before(monkeypatch):
    monkeypatch.setattr("datasets.health.leaks.COMPARED_HERE", 1)
    dataset = make_version(images=4).dataset
    assert "not compared yet" in health_report(dataset)["advice"]["leaks"]["text"]
    first, second, third, _ = dataset.images.order_by("pk")
    LikePair.objects.create(dataset=dataset, first=first, second=second, bits=1)
    LikePair.objects.create(dataset=dataset, first=first, second=third, bits=1)
    assert leaks_of(dataset)["groups"] == 1


def test_classes_without_boxes_are_named(dataset):
    dataset.add_class("Jawa")
    assert "Jawa has no box" in health_report(dataset)["advice"]["classes"]["text"]


def test_bars_and_heat():
    rows = [{"from": 0, "to": 1, "count": 0}, {"from": 1, "to": 3, "count": 4}, {"from": 3, "to": None, "count": 2}]
    assert [(b["label"], b["percent"]) for b in bars(rows)] == [("1 to 2", 100), ("3 and more", 50)]
    assert bars([]) == [] and heat([[0, 0]])["cells"][0]["opacity"] == "0.000"
    assert [cell["opacity"] for cell in heat([[1, 2]])["cells"]] == ["0.500", "1.000"]


def test_the_page(client, dataset):
    url = reverse("datasets:dataset-health", args=[dataset.slug])
    content = client.get(url).content.decode()
    assert "Where the boxes are" in content and "<rect" in content and "EfficientDet" in content
    assert "at input size 64" in client.get(url + "?size=64&detector=ssd").content.decode()
    assert "no detector" in client.get(url + "?detector=x").content.decode()
    assert "side in pixels" in client.get(url + "?size=9").content.decode()
    empty = reverse("datasets:dataset-health", args=[make_dataset(classes=()).slug])
    assert "There is no photo yet" in client.get(empty).content.decode()


def test_the_command_and_the_api(client, dataset, capsys):
    call_command("dataset_report", dataset.name, "--detector", "centernet", "--json")
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["input_size"] == 512 and report["anchors_fit"] is None
    assert client.get(f"/api/v1/datasets/{dataset.slug}/report?detector=centernet").json() == report
    refused = client.get(f"/api/v1/datasets/{dataset.slug}/report?detector=x")
    assert refused.status_code == 422 and refused.json()["error"]["code"] == "unknown_detector"
    call_command("dataset_report", dataset.name)
    assert "3 images (2 labelled" in capsys.readouterr().out
