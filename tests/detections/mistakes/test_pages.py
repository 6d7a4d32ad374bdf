"""The queue in the browser, the API and the command."""

import json

import pytest
from django.core.management import call_command
from django.urls import reverse

from datasets.models import Box
from detections.metrics import doubts
from detections.metrics.objectlab import compute
from detections.models import MistakeSearch
from tests.detections.builders import finish, make_detector
from tests.factories import make_box, make_image, make_user, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    monkeypatch.setattr(doubts, "box_scores", compute)


@pytest.fixture
def client(client):
    client.force_login(make_user())
    return client


@pytest.fixture
def wrong():
    """The only label of the wrong class among the images the detector has not seen."""
    version = make_version()
    make_detector(version, name="judge")
    learnt = {image.id for image in version.manifest().split("train")}
    version.dataset.images.exclude(pk__in=learnt).delete()
    for number in [2] + [1] * 10:
        image = make_image(version.dataset)
        box = make_box(image, version.dataset.classes.get(number=number), x1=22, y1=30, x2=122, y2=150)
        found = box if number == 2 else found  # noqa: F821
    return found


@pytest.fixture
def search(client, wrong):
    model = wrong.image.dataset.versions.get().runs.get().model
    response = client.post(reverse("detections:mistake-list"), {"model": model.pk, "dataset": "", "folds": 0})
    search = MistakeSearch.objects.get()
    assert response.url == search.get_absolute_url()
    assert finish(search.job).state == "succeeded"
    search.refresh_from_db()
    return search


def test_the_page_asks_about_the_most_doubtful_and_a_key_answers(client, search, wrong, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        page = client.get(search.get_absolute_url())
    assert b"Is the class wrong?" in page.content and b'data-key="t"' in page.content
    assert wrong.image.file_name.encode() in page.content
    # when the model's class is taken
    suspicion = search.suspicions.get(box_id=wrong.pk)
    response = client.post(reverse("detections:mistake-answer", args=[suspicion.pk]), {"said": "taken"})
    # then the label has it, and the yield counts it
    assert response.url == search.get_absolute_url()
    wrong.refresh_from_db()
    assert wrong.label_class.number == 1
    assert b"100.0 %" in client.get(search.get_absolute_url()).content
    # when it is taken back, the question comes again
    client.post(reverse("detections:mistake-back", args=[search.pk]))
    assert Box.objects.get(pk=wrong.pk).label_class.number == 2
    assert b"Is the class wrong?" in client.get(search.get_absolute_url()).content


def test_edit_leads_to_the_editor_on_the_box(client, search, wrong):
    suspicion = search.suspicions.get(box_id=wrong.pk)
    response = client.post(reverse("detections:mistake-answer", args=[suspicion.pk]), {"said": "edited"})
    assert response.url.startswith(f"{wrong.image.get_absolute_url()}?box={wrong.pk}")
    assert client.get(response.url).status_code == 200


def test_a_page_before_the_search_is_done_and_addresses_that_mean_nothing(client, wrong):
    model = wrong.image.dataset.versions.get().runs.get().model
    client.post(reverse("detections:mistake-list"), {"model": model.pk, "folds": 0})
    search = MistakeSearch.objects.get()
    for query in ("", "?kind=nonsense&after=x", "?after=99999999"):
        assert client.get(search.get_absolute_url() + query).status_code == 200
    assert client.get(reverse("detections:mistake-status", args=[search.pk])).status_code == 200
    assert client.get(reverse("detections:mistake-list")).status_code == 200


def test_a_refusal_is_said_on_the_form(client, wrong):
    model = wrong.image.dataset.versions.get().runs.get().model
    learnt = {image.id for image in model.run.version.manifest().split("train")}
    wrong.image.dataset.images.exclude(pk__in=learnt).delete()
    page = client.post(reverse("detections:mistake-list"), {"model": model.pk, "folds": 0})
    assert page.status_code == 422 and "trained on every labelled image" in page.content.decode()


def test_api_lists_answers_and_takes_back(client, search, wrong):
    root = "/api/v1/detections/mistakes"
    assert client.get(root).json()["items"][0]["search"] == search.pk
    assert client.get(f"{root}/{search.pk}").json()["yield"]["all"]["judged"] == 0
    row = client.get(f"{root}/{search.pk}/suspicions?kind=wrong_class&state=open").json()["items"][0]
    assert row["label"]["id"] == str(wrong.pk) and row["proposal"]["class"] == "BB-8"
    send = {"data": {"answer": "taken"}, "content_type": "application/json"}
    assert client.post(f"{root}/suspicions/{row['id']}/answer", **send).json()["answer"] == "taken"
    assert client.post(f"{root}/suspicions/{row['id']}/answer", **send).status_code == 409
    assert client.delete(f"{root}/suspicions/{row['id']}/answer").json()["answer"] is None
    made = {"data": {"dataset": "nowhere", "model": search.model_id}, "content_type": "application/json"}
    assert client.post(root, **made).status_code == 404


def test_the_command_prints_a_ranked_list(wrong, capsys):
    call_command("label_mistakes", wrong.image.dataset.name, "--model", "judge", "--json")
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [row["rank"] for row in result["suspicions"]] == list(range(1, len(result["suspicions"]) + 1))
    (row,) = [row for row in result["suspicions"] if row["kind"] == "wrong_class"]
    assert row["label"]["id"] == str(wrong.pk) and result["trained_on"] == 4
    call_command("label_mistakes", wrong.image.dataset.name, "--model", "judge")
    assert "Wrong class: R2-D2" in capsys.readouterr().out
