"""Whole searches with a model that always sees the same box: who is judged, and what goes into the queue."""

import pytest

from datasets.models import Box
from detections.actions import start_evaluation
from detections.metrics import doubts
from detections.metrics.objectlab import compute
from detections.mistakes.actions import start_search
from detections.mistakes.answers import answer, last_answered, next_open, take_back
from detections.mistakes.yields import Yield, yields
from detections.models import Evaluation
from sw_site.lib.errors import UserError
from tests.detections.builders import finish, make_detector
from tests.factories import make_box, make_image, make_user, make_version

pytestmark = pytest.mark.django_db

#: What the detector sees on every image, in pixels of 400 x 300.
SEEN = {"x1": 22, "y1": 30, "x2": 122, "y2": 150}


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    monkeypatch.setattr(doubts, "box_scores", compute)


@pytest.fixture
def model():
    return make_detector(make_version())


@pytest.fixture
def dataset(model):
    return model.run.version.dataset


def searched(model, dataset, count=None):
    search = start_search(dataset, model, None)
    job = finish(search.job)
    assert job.state == "succeeded", job.error
    search.refresh_from_db()
    return search


def labelled(dataset, number=1, **edges):
    image = make_image(dataset)
    return make_box(image, dataset.classes.get(number=number), **{**SEEN, **edges})


def test_images_that_the_model_learnt_from_are_left_out(model, dataset):
    right = [labelled(dataset) for _ in range(3)]
    search = searched(model, dataset)
    # the version has 4 of its 6 images in train
    assert search.summary["trained_on"] == 4 and search.summary["images"] == 2 + len(right)
    assert {row.image_id for row in search.suspicions.all()}.isdisjoint(
        image.id for image in model.run.version.manifest().split("train")
    )


def test_a_model_that_was_trained_on_everything_is_refused(model, dataset):
    learnt = {image.id for image in model.run.version.manifest().split("train")}
    dataset.images.exclude(pk__in=learnt).delete()
    with pytest.raises(UserError, match="trained on every labelled image"):
        start_search(dataset, model, None)


def test_what_the_start_of_a_model_learnt_from_counts_as_learnt(model, dataset):
    child = make_detector(make_version(dataset))
    child.run.base_model = model
    child.run.save()
    search = searched(child, dataset)
    assert search.summary["trained_on"] == 8


def test_predictions_that_an_evaluation_kept_are_used(model, dataset):
    evaluation = start_evaluation(model, model.run.version, "val", None)
    finish(evaluation.job)
    search = searched(model, dataset)
    assert Evaluation.objects.get().boxes_file and search.summary["stored"] == 1


def test_the_class_and_the_place_are_mended_by_one_key_and_taken_back(model, dataset):
    user = make_user()
    wrong, moved = labelled(dataset, number=2), labelled(dataset, x1=60, x2=160)
    [labelled(dataset) for _ in range(20)]
    search = searched(model, dataset)
    for box, kind in ((wrong, "wrong_class"), (moved, "poor_box")):
        suspicion = search.suspicions.get(box_id=box.pk)
        assert suspicion.kind == kind
        # when
        answer(suspicion, "taken", user)
        # then it is an edit like any other, with a revision of its own
        box.refresh_from_db()
        assert box.label_class.number == 1 and (box.x1, box.x2) == pytest.approx((22, 122), abs=0.1)
        assert box.image.revisions.count() == 1 and box.image.revisions.get().user == user
    # when the last one is taken back
    take_back(last_answered(search, user), user)
    # then the label is what it was, by one more revision, and the question is open again
    moved.refresh_from_db()
    assert (moved.x1, moved.x2) == (60, 160) and moved.image.revisions.count() == 2
    assert search.suspicions.get(box_id=moved.pk).answer == ""
    assert (yields(search)[""].judged, yields(search)[""].mistakes) == (1, 1)


def test_a_missing_label_is_added_and_an_extra_one_goes(model, dataset):
    empty = make_image(dataset, negative=True)
    extra = labelled(dataset)
    second = make_box(extra.image, dataset.classes.get(number=1), x1=300, y1=200, x2=380, y2=280)
    [labelled(dataset) for _ in range(20)]
    search = searched(model, dataset)
    answer(search.suspicions.get(image=empty), "taken", None)
    added = Box.objects.get(image=empty)
    assert (added.x1, added.y1) == pytest.approx((22, 30), abs=0.1) and added.source == "person"
    suspicion = search.suspicions.get(box_id=second.pk)
    answer(suspicion, "taken", None)
    assert list(extra.image.boxes.all()) == [extra]
    # and both can be taken back
    take_back(search.suspicions.get(image=empty), None)
    take_back(suspicion, None)
    assert not empty.boxes.exists() and extra.image.boxes.count() == 2


def test_a_label_that_was_changed_meanwhile_is_asked_no_more(model, dataset):
    wrong = labelled(dataset, number=2)
    [labelled(dataset) for _ in range(20)]
    search = searched(model, dataset)
    suspicion = search.suspicions.get(box_id=wrong.pk)
    Box.objects.filter(pk=wrong.pk).update(x1=30)
    with pytest.raises(UserError, match="changed meanwhile"):
        answer(suspicion, "taken", None)
    # when the queue comes to it
    search.suspicions.exclude(pk=suspicion.pk).delete()
    assert next_open(search) is None
    # then it is passed over, and counts neither way
    suspicion.refresh_from_db()
    assert suspicion.answer == "overtaken" and yields(search)["wrong_class"].judged == 0


def test_an_answer_is_given_once(model, dataset):
    labelled(dataset, number=2)
    search = searched(model, dataset)
    suspicion = next_open(search)
    answer(suspicion, "right", None)
    with pytest.raises(UserError, match="already"):
        answer(suspicion, "taken", None)
    with pytest.raises(UserError, match="no answer"):
        answer(suspicion, "maybe", None)


def test_edited_is_a_mistake_only_once_the_label_was_changed(model, dataset):
    wrong, empty = labelled(dataset, number=2), make_image(dataset, negative=True)
    [labelled(dataset) for _ in range(20)]
    search = searched(model, dataset)
    for suspicion in (search.suspicions.get(box_id=wrong.pk), search.suspicions.get(image=empty)):
        answer(suspicion, "edited", None)
    # when nothing was done in the editor, nothing is judged
    assert yields(search)[""] == Yield(open=search.suspicions.filter(answer="").count(), unchanged=2)
    # when the label got another class, and a label was drawn where one was missing, both were mistakes
    Box.objects.filter(pk=wrong.pk).update(label_class=dataset.classes.get(number=1))
    assert (yields(search)["wrong_class"].mistakes, yields(search)["missing"].judged) == (1, 0)
    make_box(empty, dataset.classes.get(number=2), **{**SEEN, "x2": 200})
    total = yields(search)[""]
    assert (total.judged, total.mistakes, total.unchanged, total.share) == (2, 2, 0, 1.0)
    # and a label far from the place does not count
    Box.objects.filter(image=empty).update(x1=300, x2=390)
    assert yields(search)["missing"].mistakes == 0


def test_an_edited_label_that_was_deleted_was_a_mistake(model, dataset):
    wrong = labelled(dataset, number=2)
    [labelled(dataset) for _ in range(20)]
    search = searched(model, dataset)
    answer(search.suspicions.get(box_id=wrong.pk), "edited", None)
    wrong.delete()
    assert yields(search)["wrong_class"].mistakes == 1
