"""Jumps of the editor: next unlabelled, next flagged, by number and by name."""

import pytest
from django.urls import reverse

from tests.factories import make_dataset, make_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def images():
    dataset = make_dataset()
    states = ("unlabelled", "labelled", "returned", "unlabelled")
    return [make_image(dataset, file_name=f"photo {n}.jpg", state=state) for n, state in enumerate(states)]


@pytest.mark.parametrize(
    ("to", "filter", "place"),
    [("unlabelled", "", 3), ("flagged", "", 2), ("#3", "", 2), ("1", "?sort=newest", 3), ("OTO 3", "", 3)],
)
def test_a_jump_leads_to(client, images, to, filter, place):
    url = reverse("api-1:find_image", args=[images[1].pk])
    answer = client.get(url, {"to": to, "filter": filter}).json()
    assert answer["url"].startswith(images[place].get_absolute_url())


def test_a_search_goes_on_at_the_beginning(client, images):
    url = reverse("api-1:find_image", args=[images[3].pk])
    assert client.get(url, {"to": "unlabelled"}).json()["id"] == images[0].pk


@pytest.mark.parametrize(("to", "words"), [("9", "There are 4 photos"), ("cat", "No photo here")])
def test_nothing_found_is_said(client, images, to, words):
    response = client.get(reverse("api-1:find_image", args=[images[1].pk]), {"to": to})
    assert response.status_code == 404
    assert words in response.json()["error"]["message"]
