"""A hidden check stays hidden beside a model's boxes: whoever is measured sees none of its trusted boxes there."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from datasets.models import Box
from datasets.review.checks import choose
from detections.actions import start_evaluation, start_filter_batch, start_version_batch
from detections.metrics import doubts
from detections.metrics.objectlab import compute
from detections.mistakes.actions import start_search
from tests.detections.builders import FOUND, finish, make_detector
from tests.factories import make_box, make_dataset, make_image, make_user, make_version

pytestmark = pytest.mark.django_db
COMPARE = reverse("detections:evaluation-compare")


@pytest.fixture(autouse=True)
def everybody_reviews(settings):
    settings.TEAM_ROLE = "reviewer"


@pytest.fixture
def boss(db):
    return make_user("boss")


@pytest.fixture
def bosses(boss):
    """A browser in which the maker of the dataset is signed in."""
    client = Client()
    client.force_login(boss)
    return client


@pytest.fixture
def version(boss):
    return make_version(make_dataset(created_by=boss))


@pytest.fixture
def check(version, boss):
    """The first training photo; the model finds its only box."""
    image = version.dataset.images.get(pk=version.manifest().split("train")[0].id)
    choose(version.dataset, [image.pk], boss)
    return image


@pytest.fixture
def model(version):
    return make_detector(version)


@pytest.fixture
def evaluation(model, version):
    evaluation = start_evaluation(model, version, "train", None)
    finish(evaluation.job)
    evaluation.refresh_from_db()
    return evaluation


def files(page):
    shown = page.context["tiles"] or page.context.get("pairs", [])
    return {each.file_name for each in shown}


@pytest.mark.parametrize("view", ["crops", "images"])
def test_the_gallery_leaves_it_out(client, bosses, evaluation, check, view):
    query = {"view": view, "score": "0.1"}
    page, whole = (browser.get(evaluation.get_absolute_url(), query) for browser in (client, bosses))
    assert check.file_name not in files(page) and check.file_name not in page.content.decode()
    assert files(whole) - files(page) == {check.file_name} and files(page)
    assert page.context["total"] < whole.context["total"]
    assert "counted, but not shown" in page.content.decode() and "not shown" not in whole.content.decode()
    assert page.context["point"] == whole.context["point"]  # figures are of all


def test_no_entry_of_it_leads_to_its_box(client, bosses, evaluation, check):
    def places(browser):
        answers = [browser.get(reverse("detections:evaluation-fix", args=[evaluation.pk, n])) for n in range(20)]
        return [answer.url for answer in answers if answer.status_code == 302]

    there = f"/images/{check.pk}/?box="
    assert [url for url in places(bosses) if there in url]
    assert places(client) and not [url for url in places(client) if f"/images/{check.pk}/" in url]


def test_the_file_has_no_box_of_it(client, bosses, evaluation, check):
    def images(browser):
        document = browser.get(reverse("detections:evaluation-download", args=[evaluation.pk])).json()
        return document["images"], {box["image_id"] for box in document["boxes"]}

    (count, shown), (all_of_them, every) = images(client), images(bosses)
    assert count == all_of_them and every - shown == {check.pk}


def test_two_models_beside_each_other_leave_it_out(client, bosses, evaluation, version, check):
    other = start_evaluation(make_detector(version, [(2, 0.9, *FOUND[2:])]), version, "train", None)
    finish(other.job)
    query = {"a": evaluation.pk, "b": other.pk, "group": "first"}
    page, whole = client.get(COMPARE, query), bosses.get(COMPARE, query)
    assert files(whole) - files(page) == {check.file_name}
    assert "counted, but not shown" in page.content.decode()


def test_a_batch_draws_only_what_the_model_found(client, bosses, model, version, check):
    batch = start_version_batch(model, version, "train", None)
    finish(batch.job)
    place = [image.image_id for image in batch.images.all()].index(check.pk)

    def overlays(browser):
        return [str(photo.overlay) for photo in browser.get(batch.get_absolute_url()).context["photos"]]

    assert ["truth" in each for each in overlays(client)] == [n != place for n in range(len(overlays(client)))]
    assert all("truth" in each for each in overlays(bosses))


def test_a_batch_of_a_filter_finds_it_as_what_it_looks_like(alice, boss, model, version, check):
    other = version.dataset.images.exclude(pk=check.pk).filter(state="labelled").count()
    for user, count in ((alice, other), (boss, other + 1)):
        batch = start_filter_batch(model, version.dataset, "state=labelled", user)
        finish(batch.job)
        assert batch.images.count() == count


@pytest.fixture
def search(monkeypatch, version, model, boss):
    """Doubts about photos that the model has not seen; the hidden one has the wrong class."""
    monkeypatch.setattr(doubts, "box_scores", compute)
    version.dataset.images.exclude(pk__in=[i.id for i in version.manifest().split("train")]).delete()
    wrong, right = (version.dataset.classes.get(number=number) for number in (2, 1))
    hidden, known = make_image(version.dataset, file_name="check.jpg"), make_image(version.dataset)
    for image, label in [(hidden, wrong), (known, wrong)] + [(make_image(version.dataset), right) for _ in range(9)]:
        make_box(image, label, x1=22, y1=30, x2=122, y2=150)
    choose(version.dataset, [hidden.pk], boss)
    search = start_search(version.dataset, model, None)
    assert finish(search.job).state == "succeeded"
    search.refresh_from_db()
    return search


def test_nobody_who_is_measured_is_asked_about_it(client, bosses, search):
    asked = search.suspicions.filter(image__file_name="check.jpg")
    assert asked.exists()
    page, whole = client.get(search.get_absolute_url()), bosses.get(search.get_absolute_url())
    assert whole.context["total"].open - page.context["total"].open == asked.count()
    seen, after = set(), 0
    while card := client.get(search.get_absolute_url(), {"after": after}).context["card"]:
        seen.add(card.suspicion.image.file_name)
        after = card.suspicion.rank
    assert seen and "check.jpg" not in seen


def test_an_answer_about_it_is_refused_and_changes_nothing(client, search):
    row = search.suspicions.filter(image__file_name="check.jpg").first()
    before = list(Box.objects.filter(image=row.image).values())
    assert client.post(reverse("detections:mistake-answer", args=[row.pk]), {"said": "taken"}).status_code == 404
    path = f"/api/v1/detections/mistakes/suspicions/{row.pk}/answer"
    assert client.post(path, {"answer": "taken"}, content_type="application/json").status_code == 404
    assert client.delete(path).status_code == 404
    row.refresh_from_db()
    assert row.answer == "" and list(Box.objects.filter(image=row.image).values()) == before


def test_lists_leave_it_out_and_the_command_line_has_it(client, bosses, search, capsys):
    def told(browser):
        listed = browser.get(f"/api/v1/detections/mistakes/{search.pk}/suspicions").json()["items"]
        loaded = browser.get(reverse("detections:mistake-download", args=[search.pk])).json()["suspicions"]
        assert [row["id"] for row in listed] == [row["id"] for row in loaded]
        return {row["file"] for row in loaded}

    assert "check.jpg" not in told(client) and "check.jpg" in told(bosses)
    call_command("label_mistakes", search.dataset.name, "--model", search.model.name, "--json")
    assert "check.jpg" in {row["file"] for row in json.loads(capsys.readouterr().out)["suspicions"]}
