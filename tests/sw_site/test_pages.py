"""Home, search, sign-in and error pages."""

import pytest
from django.urls import reverse

from detections.models import Evaluation
from tests.factories import make_box, make_dataset, make_image, make_model, make_version

pytestmark = pytest.mark.django_db


def test_an_empty_site_offers_a_first_dataset(client):
    assert "Make a dataset" in client.get("/").content.decode()


def test_home_leads_along_the_road_until_a_model_is_evaluated(client):
    version = make_version()
    assert [step.done for step in client.get("/").context["steps"]] == [True, True, False, False]
    model = make_model()
    assert [step.done for step in client.get("/").context["steps"]] == [True, True, True, False]
    Evaluation.objects.create(model=model, version=version, split="val")
    assert client.get("/").context["steps"] == []


def test_home_says_what_needs_somebody(client):
    make_image(make_dataset(name="Half done"), state="unlabelled")
    content = client.get("/").content.decode()
    assert "Needs you" in content and "0 of 1 images are labelled" in content


def test_search_finds_datasets_photos_and_models(client):
    dataset = make_dataset(name="Desert droids")
    make_box(make_image(dataset, file_name="droid-17.jpg"))
    model = make_model(name="droid finder")
    content = client.get(reverse("search"), {"q": "DROID"}).content.decode()
    assert all(text in content for text in ("Desert droids", "droid-17.jpg", model.name))
    assert "Nothing found" in client.get(reverse("search"), {"q": "ewok"}).content.decode()
    assert client.get(reverse("search"), {"q": "\x00"}).status_code == 200


def test_signing_in_and_out(visitor, alice):
    form = visitor.post(reverse("login"), {"username": "alice", "password": "wrong"})
    assert form.status_code == 200 and "correct username and password" in form.content.decode()
    assert visitor.post(reverse("login"), {"username": "alice", "password": "secret-42-pass"})["Location"] == "/"
    assert visitor.get(reverse("logout")).status_code == 405
    visitor.post(reverse("logout"))
    assert visitor.get("/").status_code == 302


def test_every_answer_forbids_foreign_scripts_and_frames(client):
    response = client.get("/")
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert response["X-Content-Type-Options"] == "nosniff"


def test_pages_hold_no_inline_style_or_script(client):
    version = make_version()
    model = make_model()
    urls = [
        "/",
        version.get_absolute_url(),
        version.dataset.get_absolute_url(),
        model.get_absolute_url(),
        "/jobs/",
        "/training/new/",
    ]
    for url in urls:
        content = client.get(url).content.decode()
        assert " style=" not in content and "<style" not in content and " onclick=" not in content, url


def test_a_page_that_is_not_there(client):
    response = client.get("/nowhere/")
    assert response.status_code == 404 and "Go to the start page" in response.content.decode()


def test_the_api_describes_itself(client):
    document = client.get("/api/v1/openapi.json").json()
    assert "/api/v1/datasets/images/{pk}/boxes" in document["paths"]
