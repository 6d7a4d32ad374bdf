"""What reviewers said of an image, on its history page, in the API and on the command line."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.urls import reverse

from datasets.models import CheckAnswer, ReviewNote
from datasets.review.checks import choose
from datasets.review.history import reviews_of
from datasets.review.verdicts import Pin, add_note, approve, resolve_note, return_image
from datasets.saving import save_boxes
from tests.factories import make_box, make_image, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewed(db):
    """Returned by Ben with a note, noted by Cleo without a verdict, mended, approved by Ben."""
    image, ben, cleo = make_image(revision=1), make_user("ben"), make_user("cleo")
    make_box(image)
    add_note(image, "Ben looks first", Pin(), ben)
    return_image(image, 1, "Too <loose>", Pin(), ben)
    add_note(image, "A lamp?", Pin(), cleo)
    save_boxes(image, 1, [], verified=False, negative=True, user=make_user("anna"))
    approve(image, 2, ben)
    image.refresh_from_db()
    return image


def summary(rows):
    return [(row["said"], row["user"], row["revision"], row["note"] and row["note"]["text"]) for row in rows]


STORY = [
    ("approved", "ben", 2, None),
    ("noted", "cleo", None, "A lamp?"),
    ("returned", "ben", 1, "Too <loose>"),
    ("noted", "ben", None, "Ben looks first"),
]


def test_each_verdict_is_told_with_the_note_it_was_given_with(reviewed, django_assert_num_queries):
    with django_assert_num_queries(2):
        found = reviews_of(reviewed)
    assert summary(review.as_json() for review in found) == STORY


def test_api_and_command_tell_the_same(reviewed, client, capsys):
    told = client.get(f"/api/v1/datasets/images/{reviewed.pk}/reviews").json()["items"]
    call_command("image_history", str(reviewed.pk), "--json")
    assert summary(told) == STORY and json.loads(capsys.readouterr().out)["reviews"] == told
    call_command("image_history", str(reviewed.pk))
    said = capsys.readouterr().out
    assert "ben returned revision 1: Too <loose>" in said and "ben approved revision 2" in said


def test_the_page_shows_them_escaped(reviewed, client):
    # The approval settled every note; one is opened again.
    resolve_note(ReviewNote.objects.get(text="A lamp?"), None, resolved=False)
    page = " ".join(client.get(reverse("datasets:image-history", args=[reviewed.pk])).content.decode().split())
    assert 'Returned</span> at revision <span class="num">1</span> by ben: Too &lt;loose&gt; <small>settled' in page
    assert 'Approved</span> at revision <span class="num">2</span> by ben</span>' in page
    assert "Noted</span> by cleo: A lamp?</span>" in page


def test_a_photo_nobody_reviewed_has_no_such_part(client):
    page = client.get(reverse("datasets:image-history", args=[make_image().pk]))
    assert "What reviewers said" not in page.content.decode()


def test_who_is_gone_leaves_the_verdict(reviewed, client):
    reviewed.review_events.filter(after="approved").get().user.delete()
    page = client.get(reverse("datasets:image-history", args=[reviewed.pk])).content.decode()
    assert "by somebody who is gone" in page


def test_a_hidden_check_tells_nothing(reviewed, client, alice, visitor):
    choose(reviewed.dataset, [reviewed.pk], make_user("boss"))
    CheckAnswer.objects.create(item=reviewed.check_item, user=alice)
    address = f"/api/v1/datasets/images/{reviewed.pk}/reviews"
    assert client.get(address).status_code == 404 and visitor.get(address).status_code == 401
    page = client.get(reverse("datasets:image-history", args=[reviewed.pk])).content.decode()
    assert "What reviewers said" not in page and "loose" not in page
