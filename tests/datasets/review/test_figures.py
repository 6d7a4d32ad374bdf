"""Figures about people, against numbers solved by hand: hidden checks, two answers side by side, progress."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from datasets.models import CheckAnswer, ReviewEvent, ReviewState, Revision
from datasets.review.checks import answer_scores, as_json, by_person, choose
from datasets.review.comparing import answers_to, compare
from datasets.review.matching import match, score
from datasets.review.progress import daily, forecast, progress
from tests.factories import make_box, make_dataset, make_image, make_user

START = timezone.now().replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=1)


def box(x1, x2, label=1, y1=0.0, y2=10.0):
    return {"x1": float(x1), "y1": y1, "x2": float(x2), "y2": y2, "class_id": label}


def test_an_answer_is_scored_object_by_object():
    trusted = [box(0, 10), box(20, 30), box(40, 50), box(60, 70)]
    # Half of the first is covered (IoU 8/10), the second has another class, the third is missing, one is too many.
    result = score(trusted, [box(0, 8), box(20, 30, label=2), box(60, 70), box(90, 99)])
    assert (result.trusted, result.right, result.wrong_class, result.missed, result.extra) == (4, 2, 1, 1, 1)
    assert result.mean_iou == pytest.approx((0.8 + 1.0) / 2)


def test_boxes_that_overlap_by_less_than_half_are_not_one_object():
    result = score([box(0, 10)], [box(6, 16)])  # 4 of 16
    assert (result.right, result.missed, result.extra, result.mean_iou) == (0, 1, 1, None)


def test_each_box_is_paired_once_with_the_one_it_overlaps_most():
    pairs = match([box(0, 10), box(1, 11)], [box(1, 11)])
    assert [(pair.first and pair.first["x1"], pair.iou) for pair in pairs] == [(1.0, 1.0), (0.0, 0.0)]


@pytest.mark.django_db
def test_people_are_told_how_they_did_on_the_hidden_checks():
    dataset, boss, anna = make_dataset(), make_user("boss"), make_user("anna")
    first, second = make_image(dataset), make_image(dataset)
    for image in (first, second):
        make_box(image, x1=10, y1=20, x2=110, y2=80)
        type(image).objects.filter(pk=image.pk).update(state=ReviewState.APPROVED)
    assert choose(dataset, [first.pk, second.pk], boss)[0] == 2
    label = dataset.classes.first().pk
    drawn = {"x1": 10, "y1": 20, "x2": 60, "y2": 80, "class_id": label}
    for image, boxes, negative in ((first, [drawn], False), (second, [], True)):
        CheckAnswer.objects.create(item=image.check_item, user=anna, boxes=boxes, negative=negative)
    expected = {"person": "anna", "images": 2, "objects": 2, "right": 1, "wrong_class": 0, "missed": 1, "extra": 0}
    assert by_person(answer_scores(dataset)) == [{**expected, "mean_iou": 0.5}]
    assert as_json(dataset)["people"] == [{**expected, "mean_iou": 0.5}]


@pytest.mark.django_db
def test_two_people_are_compared_by_their_last_revisions():
    image, anna, ben = make_image(), make_user("anna"), make_user("ben")
    for number, (user, right) in enumerate([(anna, 99), (anna, 20), (ben, 18)], start=1):
        boxes = [{**box(10, right), "id": str(number)}]
        Revision.objects.create(image=image, number=number, user=user, boxes=boxes)
    found = compare(answers_to(image, with_checks=False))
    assert found is not None
    assert [found.first.title, found.second.title] == ["ben, revision 3", "anna, revision 2"]
    assert [pair.iou for pair in found.pairs] == [pytest.approx(0.8)]


def label_image(dataset, user, minutes, seconds, verdict=None, reviewer=None):
    """An image that was labelled so long after the start and, where there is a verdict, judged a minute later."""
    image = make_image(dataset, state=verdict or ReviewState.LABELLED)
    make_box(image)
    type(image).objects.filter(pk=image.pk).update(box_count=1)
    event = ReviewEvent.objects.create(
        dataset=dataset,
        image=image,
        user=user,
        revision=1,
        before="unlabelled",
        after="labelled",
        seconds=seconds,
        credited=True,
    )
    ReviewEvent.objects.filter(pk=event.pk).update(created_at=START + timedelta(minutes=minutes))
    if verdict:
        ReviewEvent.objects.create(
            dataset=dataset, image=image, user=reviewer, labeller=user, revision=1, before="labelled", after=verdict
        )


@pytest.fixture
def worked(db):
    """Anna labelled three photos, the last two in 90 seconds each; of two that Ben judged one came back."""
    dataset, anna, ben = make_dataset(), make_user("anna"), make_user("ben")
    label_image(dataset, anna, 0, None, ReviewState.APPROVED, ben)
    label_image(dataset, anna, 1, 90, ReviewState.RETURNED, ben)
    label_image(dataset, anna, 2, 90)
    make_image(dataset, state=ReviewState.UNLABELLED, assignee=anna)
    return dataset


def test_progress_tells_pace_boxes_and_what_came_back(worked):
    found = progress(worked)
    anna = next(row for row in found.people if row.person == "anna")
    ben = next(row for row in found.people if row.person == "ben")
    # The first photo after a pause has no time of its own: two photos in 180 seconds are 40 an hour.
    assert (anna.labelled, anna.boxes, anna.label_hours, anna.labelled_per_hour) == (3, 3, 0.05, 40.0)
    assert (anna.judged, anna.returned, anna.returned_share) == (2, 1, 0.5)
    assert (anna.to_label, ben.reviewed, ben.labelled) == (1, 2, 0)
    assert found.states == {"unlabelled": 1, "labelled": 1, "approved": 1, "returned": 1}
    assert found.total == 4


def test_progress_day_by_day_as_csv(worked, client):
    client.force_login(make_user("boss", is_staff=True))
    answer = client.get(reverse("datasets:progress-csv", args=[worked.slug]))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert sum(int(row["labelled"]) for row in rows) == 3
    assert sum(int(row["returned"]) for row in rows) == 1


def test_the_forecast_goes_by_days_on_which_somebody_worked():
    found = forecast(50, [20, 0, 0, 10])
    assert (found.per_day, found.days) == (15.0, 4)
    assert forecast(50, [0, 0]).per_day is None
    assert forecast(0, [20]).days is None


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("UTC", {"2026-03-28": 1, "2026-03-29": 2}),
        ("America/New_York", {"2026-03-28": 2, "2026-03-29": 1}),
        ("Asia/Kolkata", {"2026-03-28": 1, "2026-03-29": 1, "2026-03-30": 1}),
        ("Asia/Kathmandu", {"2026-03-28": 1, "2026-03-29": 1, "2026-03-30": 1}),
    ],
)
def test_days_are_those_of_the_readers_calendar(on_both, zone, days):
    """18:20 UTC is on the day before and 18:50 UTC on the day after midnight, where it is half past five later."""

    def story():
        dataset, anna = make_dataset(), make_user()
        for when in ((28, 17, 20), (29, 0, 5), (29, 18, 50)):
            at = datetime(2026, 3, *when, tzinfo=UTC)
            values = {"before": "unlabelled", "after": "labelled", "revision": 1, "created_at": at, "user": anna}
            ReviewEvent.objects.create(dataset=dataset, image=make_image(dataset), **values)
        with timezone.override(zone):
            return {row["day"]: row["labelled"] for row in daily(dataset)}

    assert on_both(story) == days
