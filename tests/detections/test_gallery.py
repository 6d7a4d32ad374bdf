"""The boxes of an evaluation: filtered, ordered, paged, drawn, and the way to their labels."""

from __future__ import annotations

from dataclasses import replace
from math import floor

import pytest
from django.urls import reverse

from detections.gallery import Gallery
from detections.gallery_filter import NOTHING, WORDS, Filter, at_or_below
from detections.metrics.matching import OUTCOMES
from tests.detections.builders import FOUND
from tests.detections.evaluating import make_evaluation, notes, page_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("match", ["tp", "duplicate", "wrong_class", "poor_box", "background"])
def test_filter_by_outcome(client, match):
    evaluation = make_evaluation()
    (tile,) = page_of(client, evaluation, match=match).context["tiles"]
    assert tile.match == WORDS[match]
    matching = Gallery(evaluation, Filter()).matching
    entry = [OUTCOMES[code] for code in matching.outcome].index(match)
    assert tile.href == reverse("detections:evaluation-fix", args=[evaluation.pk, entry]) + "?iou=0.5"


def test_filter_by_class_and_by_a_cell_of_the_matrix(client):
    evaluation = make_evaluation()
    assert [tile.title for tile in page_of(client, evaluation, **{"class": "2"}).context["tiles"]] == ["R2-D2", "R2-D2"]
    assert notes(page_of(client, evaluation, true="1", said="1")) == ["0.90, IoU 1.00"]
    assert len(notes(page_of(client, evaluation, true="0", said="2"))) == 2
    assert notes(page_of(client, evaluation, true="1", said="0")) == []


def test_every_cell_shows_as_many_boxes_as_it_says(client):
    evaluation = make_evaluation(split="train", images=12)
    for score in (0.5, 0.75, 0.95):
        gallery = Gallery(evaluation, Filter(score=score))
        counts, ids = gallery.matrix(), [*evaluation.class_names, NOTHING]
        for row, true in enumerate(ids):
            for column, said in enumerate(ids):
                shown = Gallery(evaluation, replace(gallery.filter, true=true, said=said)).entries()
                assert len(shown) == counts[row][column]


def test_every_outcome_shows_as_many_boxes_as_its_chip_says(client):
    evaluation = make_evaluation(split="train", images=12)
    for iou in (0.3, 0.5, 0.9):
        for match in WORDS:
            gallery = Gallery(evaluation, Filter(iou=iou, match=match))
            assert len(gallery.entries()) == gallery.count(match, None)


def test_order_of_the_boxes(client):
    evaluation = make_evaluation()
    assert [note[:4] for note in notes(page_of(client, evaluation))] == ["0.90", "0.80", "0.70", "0.60", "0.55"]
    assert [note[:4] for note in notes(page_of(client, evaluation, sort="-score"))][0] == "0.55"
    fits = Gallery(evaluation, Filter(sort="-iou")).entries()
    assert Gallery(evaluation, Filter()).matching.iou[fits].tolist() == sorted(
        Gallery(evaluation, Filter()).matching.iou[fits].tolist()
    )


def test_filter_by_size(client):
    evaluation = make_evaluation()  # the object is 100 x 120 pixels, the box in nothing 40 x 30
    assert [note[:4] for note in notes(page_of(client, evaluation, size="medium"))] == ["0.55"]
    assert len(notes(page_of(client, evaluation, size="large"))) == 4
    assert notes(page_of(client, evaluation, size="small")) == []


def test_threshold_turns_a_find_into_a_miss(client):
    evaluation = make_evaluation(answers=[(1, 0.3, *FOUND[2:])])
    page = page_of(client, evaluation, match="missed")
    (tile,) = page.context["tiles"]
    assert (tile.match, tile.note) == ("Missed", "found at 0.30 only")
    page = page_of(client, evaluation, match="missed", score="0.2")
    assert page.context["tiles"] == []
    assert "No such boxes" in page.content.decode()
    assert (page.context["point"].precision, page.context["point"].recall) == (1.0, 1.0)


def test_higher_iou_turns_a_find_into_a_poor_box_and_a_miss(client):
    page = page_of(client, make_evaluation(answers=[FOUND], images=40, split="train"), iou="0.95")
    assert (page.context["gallery"].count("tp", 1), page.context["gallery"].count("poor_box", 1)) == (2, 8)


def test_whole_images_with_labels_and_predictions_side_by_side(client):
    evaluation = make_evaluation(split="train", images=12)
    page = page_of(client, evaluation, view="images")
    assert [pair.note for pair in page.context["pairs"]] == ["1 labelled, 5 found"] * 6
    labels, found = page.context["pairs"][0].sides
    assert (labels.count('class="box truth dashed"'), found.count('class="box "')) == (1, 5)


def test_truth_is_dashed_and_the_prediction_is_not(client):
    page = page_of(client, make_evaluation(answers=[FOUND]))
    picture = page.context["tiles"][0].picture
    assert picture.count('class="box truth dashed"') == 1
    assert picture.count('class="box "') == 1


@pytest.mark.parametrize(
    "query",
    [
        {"match": "nonsense"},
        {"class": "999"},
        {"class": "x" * 5000},
        {"score": "nan"},
        {"score": "-3"},
        {"score": "1e999"},
        {"iou": "inf"},
        {"true": "1"},
        {"true": "77", "said": "1"},
        {"size": "enormous"},
        {"sort": "password"},
        {"page": "9999999999999999999999"},
        {"match": "\x00"},
    ],
)
def test_meaningless_filters_are_ignored(client, query):
    assert len(page_of(client, make_evaluation(), **query).context["tiles"]) in (1, 5)


def test_image_that_left_the_dataset_is_named(client):
    evaluation = make_evaluation(answers=[FOUND])
    evaluation.version.dataset.images.all().delete()
    for view in ("crops", "images"):
        assert "is no longer in the dataset" in page_of(client, evaluation, view=view).content.decode()
    answer = client.get(reverse("detections:evaluation-fix", args=[evaluation.pk, 0]))
    assert answer.url == evaluation.get_absolute_url()


def test_gallery_is_paged(client):
    page = page_of(client, make_evaluation(split="train", images=40), page=2)
    assert page.context["page"].number == 2
    assert len(page.context["tiles"]) == 24


def test_fix_opens_the_editor_on_the_label(client):
    evaluation = make_evaluation()
    label = evaluation.version.dataset.images.get(pk=evaluation.version.manifest().split("val")[0].id).boxes.get()
    answer = client.get(reverse("detections:evaluation-fix", args=[evaluation.pk, 0]))
    assert answer.url.startswith(f"{label.image.get_absolute_url()}?box={label.pk}&at=22.0%2C30.0%2C122.0%2C150.0")
    background = client.get(reverse("detections:evaluation-fix", args=[evaluation.pk, 4]))
    assert "box=" not in background.url and "at=320.0" in background.url
    assert client.get(reverse("detections:evaluation-fix", args=[evaluation.pk, 10**6])).status_code == 404
    assert client.get(answer.url).status_code == 200


@pytest.mark.parametrize("chart", ["pr", "f1"])
def test_a_point_of_a_curve_shows_exactly_the_boxes_that_count_there(client, chart):
    answers = [(1, 0.61234561, *FOUND[2:]), (1, 0.61234567, 0.7, 0.7, 0.9, 0.9), (1, 0.004, 0, 0, 0.1, 0.1)]
    evaluation = make_evaluation(answers=[*answers, (2, 0.29, *FOUND[2:])], split="train", images=12)
    data = client.get(reverse("detections:evaluation-curves", args=[evaluation.pk, chart])).json()
    scores = Gallery(evaluation, Filter()).table.scores
    points = sorted(set(data["scores"]["0"]), reverse=True)
    assert len(points) == 4
    for score in points:
        # as the page's script asks: the slider a little lower, and the point itself
        asked = {"score": f"{max(floor(100 * score) / 100, 0.01):.2f}", "at": f"{at_or_below(score):.9f}"}
        page = page_of(client, evaluation, match="boxes", sort="-score", **asked)
        entries = page.context["gallery"].entries()
        assert sorted(scores[entries]) == sorted(scores[scores >= score]) and scores[entries[0]] == score
        # and the links of that page stand at the same point
        again = client.get(evaluation.get_absolute_url() + page.context["gallery"].filter.query(iou=0.55))
        assert again.context["filter"].score == page.context["filter"].score
        assert len(again.context["gallery"].entries()) == len(entries)
    # when the slider is moved away, the point counts no more
    moved = page_of(client, evaluation, score="0.50", at=f"{points[0]:.9f}").context["filter"]
    assert (moved.score, moved.is_point) == (0.5, False)


@pytest.mark.parametrize("text", ["", "x", "nan", "-1", "0", "1e400", "5"])
def test_a_point_that_means_nothing_is_ignored(client, text):
    page = page_of(client, make_evaluation(), score="0.6", at=text)
    assert page.status_code == 200 and page.context["filter"].score == 0.6
    assert 0.01 <= page_of(client, make_evaluation(), score=text).context["filter"].score <= 1
