"""Cut-outs take the smallest copy that is sharp enough; of a vast picture the original never."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils.safestring import SafeString

from datasets.models import Revision
from detections.actions import start_evaluation
from detections.backdrop import cut_out, parts
from tests.detections.builders import FOUND, finish, make_detector
from tests.factories import make_image, make_user, make_version

pytestmark = pytest.mark.django_db
WIDE, HIGH = 12_000, 9_000


@pytest.fixture
def vast():
    image = make_image()
    image.width, image.height = WIDE, HIGH
    return image


def names(image, view, pixels=160):
    """What is drawn, by the end of each address."""
    return [url.rstrip("/").rpartition("/")[2] for url, *_ in parts(image, view, pixels)]


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ((0, 0, WIDE, HIGH), ["large"]),
        ((0, 0, 2400, 1800), ["large"]),
        ((0, 0, 2399, 1800), ["screen"]),
        ((5000, 3000, 640, 480), ["screen"]),
        ((5000, 3000, 600, 450), ["large", "4-2", "5-2", "4-3", "5-3"]),
        ((5200, 3100, 48, 36), ["large", "5-3"]),
        ((11_970, 8_980, 48, 36), ["large", "11-8"]),
        ((-20, -20, 48, 36), ["large", "0-0"]),
    ],
)
def test_the_view_decides(vast, view, expected):
    assert names(vast, view) == expected


def test_pieces_lie_where_they_were_cut(vast):
    found = {url.rstrip("/").rpartition("/")[2]: place for url, *place in parts(vast, (11_800, 8_100, 300, 225), 160)}
    assert found == {
        "large": [0, 0, WIDE, HIGH],
        "11-7": [11 * 1024, 7 * 1024, WIDE - 11 * 1024, 1024],
        "11-8": [11 * 1024, 8 * 1024, WIDE - 11 * 1024, HIGH - 8 * 1024],
    }


def test_an_ordinary_picture_is_cut_out_of_itself():
    image = make_image(width=4000, height=3000)
    ((url, *place),) = parts(image, (100, 100, 48, 36), 160)
    assert url == image.original_url and place == [0, 0, 4000, 3000]
    assert names(image, (0, 0, 2000, 1500)) == ["large"]


def test_every_picture_of_a_cut_out_is_there(client, monkeypatch):
    monkeypatch.setattr("datasets.models.image.VAST", 1_000_000)
    image = make_image(width=1300, height=1100)
    monkeypatch.setattr("detections.backdrop.SCREEN", 300)
    svg = cut_out(image, (1000, 1000, 60, 45), SafeString("<g></g>"), 'a "name" <b>', 160)
    addresses = re.findall(r'href="([^"]+)"', svg)
    assert len(addresses) == 5 and {client.get(url).status_code for url in addresses} == {200}
    assert 'aria-label="a &quot;name&quot; &lt;b&gt;"' in svg and svg.endswith("<g></g></svg>")


def test_galleries_and_comparisons_of_vast_pictures_name_no_original(client, monkeypatch):
    monkeypatch.setattr("datasets.models.image.VAST", 1)
    version = make_version()
    evaluation = start_evaluation(make_detector(version, [FOUND]), version, "val", None)
    finish(evaluation.job)
    image = version.dataset.images.get(pk=version.manifest().split("val")[0].id)
    for number in (1, 2):
        Revision.objects.create(image=image, number=number, user=make_user(), boxes=[])
    pages = [
        evaluation.get_absolute_url(),
        f"{evaluation.get_absolute_url()}?view=images",
        reverse("datasets:image-compare", args=[image.pk]),
    ]
    for page in pages:
        html = client.get(page).content.decode()
        assert f"/images/{image.pk}/file/" not in html and f"/images/{image.pk}/thumb/" in html, page
