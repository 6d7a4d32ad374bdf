"""Whom hidden checks measure: who labels; who does not may have all labels, and is handed no checks afterwards."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from datasets.models import Lease, NotMeasured, ReviewEvent, Revision
from datasets.review.checks import choose, due_check, open_check
from datasets.review.hidden import hidden_images
from datasets.review.measured import excuse, hand_over_all_labels, labels_here, measure
from datasets.review.queue import LEASE, take_next
from sw_site.accounts.roles import Role
from sw_site.lib.errors import UserError
from tests.datasets.review.test_hidden import TRUSTED
from tests.factories import make_box, make_dataset, make_image, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(db):
    return make_user("boss")


@pytest.fixture
def bosses(boss):
    client = Client()
    client.force_login(boss)
    return client


@pytest.fixture
def dataset(boss):
    """A hidden check in one of two, and photos without a label."""
    dataset = make_dataset(created_by=boss)
    check = make_image(dataset, file_name="check.jpg")
    make_box(check)
    for _ in range(4):
        make_image(dataset, state="unlabelled")
    choose(dataset, [check.pk], boss, 2)
    return dataset


def work(user, dataset, number):
    """Label photos: then a check is due."""
    for image in dataset.images.filter(state="unlabelled")[:number]:
        ReviewEvent.objects.create(
            dataset=dataset, image=image, user=user, before="unlabelled", after="labelled", revision=1, credited=True
        )


def asks_for_all(client, dataset):
    return client.post(f"/api/v1/datasets/{dataset.slug}/exports", {"format": "voc"}, content_type="application/json")


TRACES = {
    "labelled": lambda user, image: work(user, image.dataset, 1),
    "saved": lambda user, image: Revision.objects.create(image=image, number=1, user=user, boxes=[]),
    "dealt": lambda user, image: image.dataset.images.filter(pk=image.pk).update(assignee=user),
    "from the queue": lambda user, image: take_next(image.dataset, user, "label"),
}


@pytest.mark.parametrize("trace", TRACES)
def test_who_labels_is_measured_and_gets_no_export(client, alice, dataset, trace):
    assert not labels_here(alice, dataset)
    TRACES[trace](alice, dataset.images.filter(state="unlabelled").first())
    assert labels_here(alice, dataset)
    answer = asks_for_all(client, dataset)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "checks_to_come")
    assert not NotMeasured.objects.exists() and hidden_images(alice, dataset).ids


def test_who_only_reviews_does_not_label(alice, dataset):
    image = dataset.images.filter(state="unlabelled").first()
    ReviewEvent.objects.create(
        dataset=dataset, image=image, user=alice, before="labelled", after="approved", revision=1
    )
    Lease.objects.create(image=image, dataset=dataset, user=alice, work="review", until=timezone.now() + LEASE)
    assert not labels_here(alice, dataset)


def test_a_trainer_who_never_labels_gets_all_and_no_check_afterwards(client, bosses, alice, dataset):
    form = reverse("datasets:export-create", args=[dataset.slug])
    assert "no checks are handed to you" in client.get(form).content.decode()
    assert "no checks are handed to you" not in bosses.get(form).content.decode()
    assert not NotMeasured.objects.exists()  # looking at the page is no request
    assert asks_for_all(client, dataset).status_code == 202
    assert TRUSTED in client.get(dataset.get_absolute_url()).content.decode()
    work(alice, dataset, 4)
    assert due_check(dataset, alice) is None
    assert asks_for_all(client, dataset).status_code == 202
    told = bosses.get(f"/api/v1/datasets/{dataset.slug}/checks").json()["not_measured"]
    assert [(row["person"], row["by"]) for row in told] == [("alice", None)]


def test_a_viewer_is_handed_no_check_and_may_export_whatever_they_did_before(client, alice, dataset):
    work(alice, dataset, 2)
    assert labels_here(alice, dataset)
    dataset.team_role = Role.VIEWER
    dataset.save()
    assert not labels_here(alice, dataset) and asks_for_all(client, dataset).status_code == 202
    assert [row.user for row in NotMeasured.objects.all()] == [alice]


def test_without_checks_nobody_is_excused_by_an_export(client, alice):
    dataset = make_dataset()
    make_box(make_image(dataset))
    assert asks_for_all(client, dataset).status_code == 202 and not NotMeasured.objects.exists()


def test_the_manager_excuses_and_measures_again(bosses, boss, alice, dataset):
    work(alice, dataset, 4)
    assert due_check(dataset, alice).file_name == "check.jpg" and open_check(dataset, alice)
    page = reverse("datasets:check-list", args=[dataset.slug])
    assert (
        "is handed no checks"
        in bosses.post(page, {"action": "excuse", "person": "alice"}, follow=True).content.decode()
    )
    assert open_check(dataset, alice) is None and not hidden_images(alice, dataset).ids
    hand_over_all_labels(alice, dataset)
    assert "excused by boss" in bosses.get(page).content.decode()
    bosses.post(page, {"action": "measure", "person": "alice"})
    assert open_check(dataset, alice) and hidden_images(alice, dataset).ids
    with pytest.raises(UserError):
        hand_over_all_labels(alice, dataset)
    assert (
        "There is nobody called" in bosses.post(page, {"action": "excuse", "person": "x"}, follow=True).content.decode()
    )


def test_an_excuse_is_of_one_dataset(alice, boss, dataset):
    other = make_dataset(created_by=boss)
    image = make_image(other)
    choose(other, [image.pk], boss)
    excuse(dataset, alice, boss)
    excuse(dataset, alice, boss)  # twice is once
    assert NotMeasured.objects.count() == 1 and hidden_images(alice, other).ids == {image.pk}
    measure(dataset, alice)
    assert hidden_images(alice, dataset).ids


def test_the_api_for_managers_alone(client, bosses, alice, dataset):
    path = f"/api/v1/datasets/{dataset.slug}/checks/people"

    def say(browser, people, measured):
        return browser.post(path, {"people": people, "measured": measured}, content_type="application/json")

    assert say(client, ["alice"], False).status_code == 404 and not NotMeasured.objects.exists()
    assert [row["by"] for row in say(bosses, ["alice"], False).json()["not_measured"]] == ["boss"]
    assert say(bosses, ["alice"], True).json()["not_measured"] == []
    assert say(bosses, ["nobody-here"], True).status_code == 422


def test_the_command(alice, dataset, capsys):
    call_command("check_set", dataset.name, "--excuse", "alice", "--json")
    assert [row["person"] for row in json.loads(capsys.readouterr().out)["not_measured"]] == ["alice"]
    call_command("check_set", dataset.name)
    assert "Not measured: alice." in capsys.readouterr().out
    call_command("check_set", dataset.name, "--measure", "alice")
    assert not NotMeasured.objects.exists()
    with pytest.raises((CommandError, SystemExit)):
        call_command("check_set", dataset.name, "--excuse", "nobody-here")
