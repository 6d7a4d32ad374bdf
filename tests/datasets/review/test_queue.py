"""The queue: nobody gets what somebody else has; what one had comes back; a desk that is left is cleared."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from datasets.models import Image, Lease, ReviewState
from datasets.review.queue import LEASE, _claim, renew, take_next, waiting
from sw_site.lib.errors import UserError
from tests.factories import make_dataset, make_image, make_user

pytestmark = pytest.mark.django_db


def three_photos(state=ReviewState.UNLABELLED):
    dataset = make_dataset()
    for _ in range(3):
        make_image(dataset, state=state)
    return dataset


def people():
    return [make_user(name) for name in ("anna", "ben", "cleo", "dan")]


def test_everybody_gets_a_photo_of_their_own_and_it_back_when_they_come_again(on_both):
    def story():
        dataset = three_photos()
        anna, ben, cleo, dan = people()
        given = [take_next(dataset, person, "label") for person in (anna, ben, cleo)]
        assert len({image.pk for image in given}) == 3
        assert take_next(dataset, dan, "label") is None
        assert take_next(dataset, ben, "label").pk == given[1].pk
        return Lease.objects.filter(dataset=dataset).count()

    assert on_both(story) == 3


def test_of_two_who_saw_the_same_photo_free_one_gets_it(on_both):
    def story():
        image = three_photos().images.first()
        anna, ben, *_ = people()
        return [_claim(image, anna, "label"), _claim(image, ben, "label"), _claim(image, anna, "label")]

    assert on_both(story) == [True, False, True]


def test_a_photo_that_somebody_finished_meanwhile_is_not_handed_out():
    image = three_photos().images.first()
    Image.objects.filter(pk=image.pk).update(state=ReviewState.LABELLED)
    assert not _claim(image, make_user(), "label") and not Lease.objects.exists()


def test_a_desk_that_was_left_is_cleared(alice):
    dataset, bob = three_photos(), make_user("bob")
    image = take_next(dataset, alice, "label")
    Lease.objects.update(until=Lease.objects.get().until - LEASE - timedelta(seconds=1))
    assert take_next(dataset, bob, "label") == image
    assert not renew(image, alice) and renew(image, bob)


def test_what_is_put_off_comes_last(alice):
    dataset = three_photos()
    first = take_next(dataset, alice, "label")
    second = take_next(dataset, alice, "label", done=first.pk)
    third = take_next(dataset, alice, "label", done=second.pk)
    assert len({first.pk, second.pk, third.pk}) == 3
    assert take_next(dataset, alice, "label", done=third.pk) == first


def test_work_that_there_is_not_is_said(alice):
    with pytest.raises(UserError, match="no work called"):
        take_next(three_photos(), alice, "sleep")


def test_the_pages_buttons_and_the_api_hand_out_the_same(client, alice):
    dataset = three_photos(ReviewState.LABELLED)
    page = client.post(reverse("datasets:queue-next", args=[dataset.slug, "review"]))
    answer = client.post(f"/api/v1/datasets/{dataset.slug}/queue", {"work": "review"}, content_type="application/json")
    assert page.url == answer.json()["url"] and page.url.endswith("?queue=review")


@pytest.mark.parametrize(
    ("asked", "kept"), [("?review=1", "?review=1"), ("?state=labelled&review=1", "?state=labelled&review=1"), ("", "")]
)
def test_who_reviews_without_a_queue_goes_on_reviewing(client, asked, kept):
    dataset = three_photos(ReviewState.LABELLED)
    first, second, _ = Image.objects.filter(dataset=dataset).order_by("pk")
    client.force_login(make_user())
    data = client.get(f"{first.get_absolute_url()}{asked}").context["editor_data"]
    assert data["next_url"] == f"{second.get_absolute_url()}{kept}"


@pytest.mark.parametrize("work", ["label", "review"])
def test_a_look_passes_over_no_photo_that_is_done(work):
    """However many there are: each queue is a stretch of one index, in the order in which it is handed out."""
    dataset, anna = three_photos(), make_user("anna")
    for queue in waiting(dataset, anna, work):
        plan = queue.filter(pk__gt=7).order_by("pk")[:20].explain()
        assert re.search(r"INDEX image_to_\w+ \(dataset_id=\? AND state=\? AND (\w+_id=\? AND )?id>\?\)", plan), plan
        assert "ORDER BY" not in plan
