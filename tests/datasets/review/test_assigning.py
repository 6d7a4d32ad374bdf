"""Dealing photos out: a filter or a range of it, to one person or several, from the page, the API and the command."""

from __future__ import annotations

import json

import pytest
from django.contrib.messages import get_messages
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from datasets.models import CheckAnswer, Dataset, Image, ReviewState
from datasets.review.assigning import deal, ids_of, people_called
from datasets.review.checks import choose
from datasets.review.queue import take_next
from sw_site.accounts.roles import Role
from sw_site.lib.errors import UserError
from tests.factories import make_dataset, make_image, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def seven(db):
    """Seven photos, of which the first two are labelled, and three people."""
    dataset = make_dataset(name="Seven")
    for number in range(7):
        state = ReviewState.LABELLED if number < 2 else ReviewState.UNLABELLED
        make_image(dataset, state=state, file_name=f"{6 - number}.jpg")
    for name in ("anna", "ben", "cleo"):
        make_user(name)
    return dataset


def dealt(dataset, field="assignee"):
    """User names in the order of the photos, "" where a photo is anybody's."""
    return [name or "" for name in dataset.images.order_by("pk").values_list(f"{field}__username", flat=True)]


def by_page(client, dataset, **data):
    """The message the page shows after the form was sent."""
    answer = client.post(reverse("datasets:review-desk", args=[dataset.slug]), {"work": "label", "query": "", **data})
    assert answer.status_code == 302
    return str(list(get_messages(answer.wsgi_request))[-1])


def by_api(client, dataset, **data):
    return client.post(f"/api/v1/datasets/{dataset.slug}/assign", json.dumps(data), content_type="application/json")


def test_neighbours_go_to_one_person_and_nobody_gets_more_than_one_more(seven):
    shares = deal(seven, ids_of(seven, ""), people_called(["anna", "ben", "cleo"]), "label")
    assert dealt(seven) == ["anna", "anna", "ben", "ben", "ben", "cleo", "cleo"]
    assert [(str(share.person), share.images) for share in shares] == [("anna", 2), ("ben", 3), ("cleo", 2)]


def test_a_range_counts_in_the_order_of_the_filter(seven):
    by_name = list(seven.images.order_by("file_name").values_list("pk", flat=True))
    assert ids_of(seven, "sort=name", 2, 3) == by_name[1:3]
    assert ids_of(seven, "?state=unlabelled", 4) == list(seven.images.order_by("pk").values_list("pk", flat=True))[5:]


@pytest.mark.parametrize("people", [["anna", "ben"], []])
def test_page_api_and_command_do_the_same(seven, client, capsys, people):
    outcomes, told = [], []
    given = {"filter": "state=unlabelled", "first": 2, "last": 5, "people": people}
    words = ["--filter", "state=unlabelled", "--first", "2", "--last", "5", "--to", *people]
    ways = {
        "page": lambda: by_page(client, seven, query="?state=unlabelled", first="2", last="5", person=people),
        "api": lambda: by_api(client, seven, **given).json()["sentence"],
        "command": lambda: call_command("assign_images", "Seven", *words),
    }
    for name, way in ways.items():
        seven.images.update(assignee=people_called(["cleo"])[0])
        told.append(way() or capsys.readouterr().out.strip())
        outcomes.append(dealt(seven))
        assert name and outcomes[-1] == outcomes[0] and told[-1] == told[0]
    halves = [*people[:1] * 2, *people[1:] * 2] or [""] * 4
    assert outcomes[0] == ["cleo", "cleo", "cleo", *halves]


def test_for_review_it_is_the_reviewer_who_is_set(seven, client):
    ids = list(seven.images.order_by("pk").values_list("pk", flat=True))[:2]
    answer = by_api(client, seven, work="review", ids=ids, people=["ben"])
    assert answer.json()["shares"] == [{"person": "ben", "images": 2}]
    assert dealt(seven, "reviewer")[:3] == ["ben", "ben", ""] and set(dealt(seven)) == {""}


def test_what_was_dealt_to_somebody_comes_to_them_and_to_nobody_else(seven):
    anna, ben = people_called(["anna", "ben"])
    deal(seven, ids_of(seven, "state=unlabelled", 1, 4), [anna], "label")
    last = seven.images.order_by("pk").last()
    assert take_next(seven, ben, "label") == last and take_next(seven, ben, "label", done=last.pk) == last
    assert take_next(seven, anna, "label").assignee == anna


BAD = [
    ({"first": 0}, "from a photo to a later one"),
    ({"first": -3}, "from a photo to a later one"),
    ({"first": 5, "last": 4}, "from a photo to a later one"),
    ({"first": 8}, "No photo matches"),
    ({"first": 2**31 - 1}, "No photo matches"),
    ({"filter": "state=approved"}, "No photo matches"),
    ({"filter": "sate=unlabelled"}, "no “sate=unlabelled”"),
    ({"filter": "state=unlabeled"}, "no “state=unlabeled”"),
    ({"filter": "state=labelled&min=many"}, "no “min=many”"),
    ({"people": ["anna", "nobody"]}, "nobody called “nobody”"),
    ({"people": ["gone"]}, "nobody called “gone”"),
]


def test_a_name_that_no_database_keeps_is_nobodys(seven, client):
    answer = by_api(client, seven, people=["nul\x00"])
    assert answer.status_code == 422 and "NUL" in answer.json()["error"]["message"]
    with pytest.raises(CommandError, match="nobody called"):
        call_command("assign_images", "Seven", "--to", "nul\x00")


@pytest.mark.parametrize(("given", "sentence"), BAD)
def test_what_cannot_be_dealt_is_said_and_nothing_is_written(seven, client, given, sentence):
    make_user("gone", is_active=False)
    seven.images.update(assignee=people_called(["cleo"])[0])
    given = {"people": ["anna"], **given}
    answer = by_api(client, seven, **given)
    assert answer.status_code == 422 and sentence in answer.json()["error"]["message"]
    options = {"first": given.get("first"), "last": given.get("last"), "filter": given.get("filter", "")}
    with pytest.raises(CommandError, match=sentence.split("“")[0]):
        call_command("assign_images", "Seven", "--to", *given["people"], **options)
    if "filter" not in given:  # the page has its filter from the address of the grid, where unknown parts go away
        data = {name: str(value) for name, value in given.items() if name in ("first", "last")}
        assert sentence in by_page(client, seven, person=given["people"], **data)
    assert set(dealt(seven)) == {"cleo"}


@pytest.mark.parametrize("typed", ["abc", "1.5", "-1", "0" * 5000, "９"])
def test_a_place_that_is_no_number_does_not_deal_everything(seven, client, typed):
    for name in ("first", "last"):
        assert "from a photo to a later one" in by_page(client, seven, person="anna", **{name: typed})
    assert set(dealt(seven)) == {""}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"first": "x"}, "first"),
        ({"people": "anna"}, "people"),
        ({"people": ["anna"] * 101}, "people"),
        ({"ids": [1.5]}, "ids"),
        ({"ids": list(range(10_001))}, "ids"),
    ],
)
def test_a_body_that_is_none_is_refused_with_the_field_named(seven, client, given, named):
    answer = by_api(client, seven, **{"people": ["anna"], **given})
    assert answer.status_code == 422 and f".{named}" in answer.json()["error"]["message"]
    assert set(dealt(seven)) == {""}


def test_work_that_there_is_not_is_said(seven, client):
    assert "no work called “sleep”" in by_api(client, seven, work="sleep", people=["anna"]).json()["error"]["message"]
    assert "no work called “sleep”" in by_page(client, seven, work="sleep", person="anna")
    with pytest.raises(CommandError, match="sleep"):
        call_command("assign_images", "Seven", "--work", "sleep")
    with pytest.raises(CommandError, match="no dataset called “Eight”"):
        call_command("assign_images", "Eight", "--to", "anna")


def test_photos_of_another_dataset_are_not_touched(seven, client):
    other = make_image()
    assert by_api(client, seven, ids=[other.pk], people=["anna"]).status_code == 422
    assert Image.objects.get(pk=other.pk).assignee is None


def test_who_may_deal(seven, client, visitor):
    """Reviewers of a dataset that they see; a form of another site does not do it for them."""
    page = reverse("datasets:review-desk", args=[seven.slug])
    assert by_api(visitor, seven, people=["anna"]).status_code == 401
    assert visitor.post(page, {"person": "anna", "work": "label"}).url.startswith(reverse("login"))
    assert by_api(client, make_dataset(), people=["anna"]).status_code == 422  # there, but empty
    assert client.post("/api/v1/datasets/none/assign", "{}", content_type="application/json").status_code == 404
    assert client.post(reverse("datasets:review-desk", args=["none"]), {}).status_code == 404
    Dataset.objects.filter(pk=seven.pk).update(team_role=Role.ANNOTATOR)
    assert (
        by_api(client, seven, people=["anna"]).status_code == client.post(page, {"person": "anna"}).status_code == 403
    )
    Dataset.objects.filter(pk=seven.pk).update(team_role=Role.NOBODY)
    assert (
        by_api(client, seven, people=["anna"]).status_code == client.post(page, {"person": "anna"}).status_code == 404
    )
    Dataset.objects.filter(pk=seven.pk).update(team_role=Role.REVIEWER)
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(people_called(["anna"])[0])
    assert careful.post(page, {"person": "anna", "work": "label"}).status_code == 403
    assert by_api(careful, seven, people=["anna"]).status_code in (401, 403)
    assert set(dealt(seven)) == {""}


def test_a_hidden_check_is_counted_as_it_looks_to_whoever_deals(seven, client, alice):
    hidden = seven.images.order_by("pk").first()
    choose(seven, [hidden.pk], people_called(["cleo"])[0])
    CheckAnswer.objects.create(item=hidden.check_item, user=alice)
    page = client.get(reverse("datasets:review-desk", args=[seven.slug]), {"state": "unlabelled"})
    assert page.context["matching"] == len(ids_of(seven, "state=unlabelled", viewer=alice)) == 6
    assert len(ids_of(seven, "state=unlabelled")) == 5


def test_a_filter_that_is_written_back_is_taken():
    with pytest.raises(UserError, match="no “flag=funny”"):
        ids_of(make_dataset(), "flag=difficult&flag=funny")
    assert ids_of(make_dataset(), "?flag=truncated&flag=difficult&defect=1&name= a b &sort=most&min=0") == []
