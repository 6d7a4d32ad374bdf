from __future__ import annotations

from dataclasses import replace
from math import floor

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse

from detections.actions import start_evaluation
from detections.csv_files import harmless
from detections.gallery import NOTHING, WORDS, Filter, Gallery, at_or_below
from detections.metrics.matching import OUTCOMES
from detections.models import Evaluation
from detections.tables import read_table
from sw_site.jobs.errors import JobError
from tests.detections.builders import FOUND, finish, make_detector
from tests.factories import make_dataset, make_version

pytestmark = pytest.mark.django_db

#: One of each outcome on a version's val image: found, twice, wrong class, poor box, nothing there.
EVERY_OUTCOME = [
    FOUND,
    (1, 0.8, *FOUND[2:]),
    (2, 0.7, *FOUND[2:]),
    (1, 0.6, FOUND[2], FOUND[3], FOUND[4], (FOUND[3] + FOUND[5]) / 2.2),
    (2, 0.55, 0.8, 0.8, 0.9, 0.9),
]


def make_evaluation(answers=EVERY_OUTCOME, split="val", images=6, done=True) -> Evaluation:
    version = make_version(images=images)
    evaluation = start_evaluation(make_detector(version, answers), version, split, None)
    if done:
        assert finish(evaluation.job).state == "succeeded"
    evaluation.refresh_from_db()
    return evaluation


def page_of(client, evaluation, **query):
    page = client.get(evaluation.get_absolute_url(), query)
    assert page.status_code == 200
    return page


def notes(page):
    return [tile.note for tile in page.context["tiles"]]


def test_page_shows_figures_classes_rules_and_gallery(client):
    page = page_of(client, make_evaluation())
    html = page.content.decode()
    for words in (
        "AP75",
        "VOC AP",
        "COCO rules",
        "Confusion matrix",
        "What each error costs",
        "Objects marked difficult",
    ):
        assert words in html
    assert "n/a" in html  # R2-D2 has no object in this split
    assert "There is no R2-D2 in this split, but the model drew 2 boxes of it" in html
    chips = {chip["label"]: chip["count"] for chip in page.context["gallery"].chips()}
    assert chips == {
        "All": 5,
        "Found": 1,
        "Poor box": 1,
        "Wrong class": 1,
        "Wrong class and poor box": 0,
        "Found twice": 1,
        "Nothing there": 1,
        "Missed": 0,
    }


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


def test_page_costs_the_same_for_few_and_many(client, django_assert_num_queries):
    small = make_evaluation(answers=[FOUND], split="train", images=6)
    large = make_evaluation(answers=EVERY_OUTCOME, split="train", images=40)
    for evaluation in (small, large):
        with django_assert_num_queries(7):
            page_of(client, evaluation)


def test_gallery_is_paged(client):
    page = page_of(client, make_evaluation(split="train", images=40), page=2)
    assert page.context["page"].number == 2
    assert len(page.context["tiles"]) == 24


def test_htmx_gets_what_follows_the_sliders_only(client):
    evaluation = make_evaluation()
    answer = client.get(evaluation.get_absolute_url(), {"score": "0.7"}, headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert html.strip().startswith('<div id="instrument"') and "<html" not in html
    assert 'data-score="0.70"' in html


def test_fix_opens_the_editor_on_the_label(client):
    evaluation = make_evaluation()
    label = evaluation.version.dataset.images.get(pk=evaluation.version.manifest().split("val")[0].id).boxes.get()
    answer = client.get(reverse("detections:evaluation-fix", args=[evaluation.pk, 0]))
    assert answer.url.startswith(f"{label.image.get_absolute_url()}?box={label.pk}&at=22.0%2C30.0%2C122.0%2C150.0")
    background = client.get(reverse("detections:evaluation-fix", args=[evaluation.pk, 4]))
    assert "box=" not in background.url and "at=320.0" in background.url
    assert client.get(reverse("detections:evaluation-fix", args=[evaluation.pk, 10**6])).status_code == 404
    assert client.get(answer.url).status_code == 200


def test_measure_again_waits_for_a_worker(client):
    evaluation = make_evaluation()
    answer = client.post(reverse("detections:evaluation-again", args=[evaluation.pk]))
    again = Evaluation.objects.get(source=evaluation)
    assert answer.url == again.get_absolute_url()
    assert finish(again.job).state == "succeeded"
    assert "labels as they were" in client.get(again.get_absolute_url()).content.decode()


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


@pytest.mark.parametrize("chart", ["pr", "f1", "calibration"])
def test_curves(client, chart):
    evaluation = make_evaluation(split="train", images=12)
    data = client.get(reverse("detections:evaluation-curves", args=[evaluation.pk, chart]), {"iou": "0.6"}).json()
    assert data["finished"]
    for key, points in data["series"].items():
        assert [x for x, _ in points] == sorted(x for x, _ in points)
        assert key == "even" or len(data["scores"][key]) == len(points)
    assert client.get(reverse("detections:evaluation-curves", args=[evaluation.pk, "x"])).status_code == 404


def test_tables_as_csv(client):
    evaluation = make_evaluation()
    for name, first in (("classes", "name,objects"), ("matrix", "true \\ predicted,BB-8"), ("errors", "error,tide")):
        answer = client.get(reverse("detections:evaluation-csv", args=[evaluation.pk, name]))
        assert answer.content.decode().startswith(first)
    assert client.get(reverse("detections:evaluation-csv", args=[evaluation.pk, "x"])).status_code == 404


def test_class_names_are_no_formulas_in_a_spreadsheet(client):
    assert harmless("=1+1") == "'=1+1" and harmless("BB-8") == "BB-8" and harmless(-1) == -1


@pytest.mark.parametrize("state", ["lost", "never kept"])
def test_evaluation_without_its_boxes_says_so_and_shows_its_figures(client, state):
    evaluation = make_evaluation()
    if state == "lost":
        default_storage.delete(evaluation.boxes_file)
        read_table.cache_clear()
    else:
        Evaluation.objects.update(boxes_file="")
    html = client.get(evaluation.get_absolute_url()).content.decode()
    assert "AP75" in html and "Evaluate again" in html and 'id="instrument"' not in html
    for name, more in (("fix", [0]), ("curves", ["pr"]), ("csv", ["matrix"])):
        assert client.get(reverse(f"detections:evaluation-{name}", args=[evaluation.pk, *more])).status_code == 404


def test_tabs_lead_to_the_other_splits(client):
    evaluation = make_evaluation()
    other = start_evaluation(evaluation.model, evaluation.version, "train", None)
    finish(other.job)
    page = page_of(client, evaluation)
    assert [row.pk for row in page.context["others"]] == [other.pk, evaluation.pk]


def test_waiting_page_polls_and_the_fragment_ends_it(client):
    evaluation = make_evaluation(done=False)
    html = client.get(evaluation.get_absolute_url()).content.decode()
    status = reverse("detections:evaluation-status", args=[evaluation.pk])
    assert f'hx-get="{status}"' in html and "Waiting for a worker" in html
    assert "AP75" not in html
    assert "HX-Refresh" not in client.get(status)
    finish(evaluation.job)
    assert client.get(status)["HX-Refresh"] == "true"
    assert f'hx-get="{status}"' not in client.get(evaluation.get_absolute_url()).content.decode()


def test_failure_is_told_with_its_remedy(client, monkeypatch):
    evaluation = make_evaluation(done=False)

    def fail(*arguments):
        raise JobError("The storage is away. Bring it back.")

    monkeypatch.setattr("detections.jobs.measure", fail)
    finish(evaluation.job)
    html = client.get(evaluation.get_absolute_url()).content.decode()
    assert "The storage is away. Bring it back." in html
    assert "Try again" in html


def test_download(client):
    evaluation = make_evaluation()
    response = client.get(reverse("detections:evaluation-download", args=[evaluation.pk]))
    assert "attachment" in response["Content-Disposition"]
    document = response.json()
    assert document["ap50"] == pytest.approx(1.0)
    assert [box["match"] for box in document["boxes"]] == ["tp", "duplicate", "wrong_class", "poor_box", "background"]
    Evaluation.objects.update(boxes_file="evaluations/gone.npz")
    assert client.get(reverse("detections:evaluation-download", args=[evaluation.pk])).status_code == 404


class TestForm:
    url = "/detections/evaluations/new/"

    def test_starts_an_evaluation(self, client, alice):
        version = make_version()
        model = make_detector(version)
        answer = client.post(self.url, {"model": model.pk, "version": version.pk, "split": "test"})
        evaluation = Evaluation.objects.get()
        assert answer.url == evaluation.get_absolute_url()
        assert (evaluation.split, evaluation.created_by, evaluation.job.state) == ("test", alice, "queued")

    def test_model_in_the_address_brings_its_version(self, client):
        make_version()
        model = make_detector(make_version())
        make_detector()
        form = client.get(self.url, {"model": model.pk}).context["form"]
        assert (form["model"].value(), form["version"].value()) == (str(model.pk), model.run.version_id)

    @pytest.mark.parametrize("value", ["x", "99999999999999999999", "-1", "\x00"])
    def test_meaningless_model_in_the_address(self, client, value):
        assert client.get(self.url, {"model": value}).status_code == 200

    def test_without_models(self, client):
        assert "There is no model yet" in client.get(self.url).content.decode()

    def test_refusal_is_told_on_the_form(self, client):
        other = make_version(make_dataset(classes=("cat",)))
        values = {"model": make_detector().pk, "version": other.pk, "split": "val"}
        answer = client.post(self.url, values)
        assert answer.status_code == 422
        assert "no class called BB-8, R2-D2; it has cat" in answer.content.decode()
        asked = {**values, "asked_for": answer.context["form"].asked_for, "class-1": "", "class-2": ""}
        answer = client.post(self.url, asked)
        assert "no class is left to compare" in answer.content.decode()
        assert Evaluation.objects.count() == 0

    def test_other_classes_are_asked_for_and_the_answers_kept(self, client):
        version = make_version(make_dataset(classes=("bb8", "cat")))
        model = make_detector()
        values = {"model": model.pk, "version": version.pk, "split": "val"}
        form = client.post(self.url, values).context["form"]
        assert [(each.name, each.likely) for each in form.questions] == [("BB-8", 1), ("R2-D2", None)]
        wrong = {**values, "asked_for": form.asked_for, "class-1": "77", "class-2": ""}
        assert "Choose one of the version" in client.post(self.url, wrong).content.decode()
        client.post(self.url, wrong | {"class-1": "1"})
        evaluation = Evaluation.objects.get()
        assert evaluation.mapping == {"1": 1, "2": None}
        finish(evaluation.job)
        evaluation.refresh_from_db()
        assert evaluation.figures["only_model"] == ["R2-D2"]

    def test_answers_to_another_question_do_not_count(self, client):
        version = make_version(make_dataset(classes=("bb8", "cat")))
        values = {"model": make_detector().pk, "version": version.pk, "split": "val"}
        stale = {**values, "asked_for": "0-0", "class-1": "1", "class-2": ""}
        assert client.post(self.url, stale).status_code == 422
        assert Evaluation.objects.count() == 0

    def test_empty_form(self, client):
        make_detector()
        assert client.post(self.url, {}).status_code == 422


def test_visitor_is_sent_to_sign_in(visitor):
    evaluation = make_evaluation(done=False)
    for name in ("evaluation-detail", "evaluation-status", "evaluation-download"):
        answer = visitor.get(reverse(f"detections:{name}", args=[evaluation.pk]))
        assert answer.status_code == 302 and "/sign-in/" in answer.url
    assert visitor.get(reverse("detections:evaluation-create")).status_code == 302


def test_unknown_evaluation(client):
    for name in ("evaluation-detail", "evaluation-status", "evaluation-download"):
        assert client.get(reverse(f"detections:{name}", args=[999])).status_code == 404
