"""Pre-labelling: what becomes a proposal, what is left alone, going on after a stop, and the way back."""

from __future__ import annotations

import json
import uuid

import pytest
from django.core.management import call_command
from django.urls import reverse

from datasets.curation.dispatch import Order, perform
from datasets.curation.undo import undo_change
from datasets.models import Box, BulkChange, ReviewState
from datasets.saving import BoxValues, save_boxes
from datasets.traits import refresh_traits
from datasets.versions.freeze import freeze
from detections import prelabel as prelabelling
from detections.classes import ClassesDiffer
from detections.prelabel import Wish
from detections.prelabel_actions import start_prelabel
from detections.targets import Answers
from sw_site.jobs.errors import JobCancelled
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import retry
from sw_site.lib.errors import UserError
from tests.detections.builders import FOUND, finish, make_detector
from tests.factories import make_box, make_dataset, make_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    """Three photos that nobody has answered."""
    dataset = make_dataset()
    for _ in range(3):
        make_image(dataset, state=ReviewState.UNLABELLED)
    return dataset


def run(model, dataset, user, wish=Wish(), answers=Answers()):  # noqa: B008 - both are frozen
    return finish(start_prelabel(model, dataset, wish, answers, user))


def test_a_filter_with_a_slip_chooses_nothing_instead_of_everything(dataset, alice):
    with pytest.raises(UserError) as refused:
        run(make_detector(), dataset, alice, Wish("stat=unlabelled"))
    assert refused.value.code == "bad_filter" and "stat=unlabelled" in refused.value.message
    assert not BulkChange.objects.exists()


def label(image, user, x1, y1, x2, y2):
    values = BoxValues(uuid.uuid4(), image.dataset.classes.first().pk, x1, y1, x2, y2)
    save_boxes(image, 0, [values], verified=False, negative=False, user=user)


def proposals(dataset):
    return Box.objects.filter(image__dataset=dataset, source="model")


def test_boxes_are_proposed_and_taken_back(dataset, alice):
    job = run(make_detector(), dataset, alice)
    assert (job.state, job.queue, job.result["boxes"], job.result["images"]) == (JobState.SUCCEEDED, "gpu", 3, 3)
    box = proposals(dataset).first()
    assert (box.label_class.name, box.score) == ("BB-8", pytest.approx(0.9))
    assert (box.x1, box.y2) == pytest.approx((22, 150), abs=1e-3)
    image = dataset.images.first()
    assert (image.state, image.box_count, image.revision) == (ReviewState.UNLABELLED, 1, 1)
    assert image.revisions.first().summary.startswith("1 proposed by model")
    undo_change(BulkChange.objects.get(pk=job.result["change"]), alice)
    assert not proposals(dataset).exists()


def test_proposals_are_not_counted_as_labels(dataset, alice, client):
    run(make_detector(), dataset, alice)
    dataset.images.update(state=ReviewState.RETURNED)
    assert not dataset.images.answered().exists() and not dataset.images.usable().exists()
    with pytest.raises(UserError, match="labelled"):
        freeze(dataset)
    client.force_login(alice)
    page = client.get(reverse("datasets:version-create", args=[dataset.slug]))
    assert page.context["usable"] == 0
    perform(dataset, [dataset.images.first().pk], Order("accept"), alice)
    assert dataset.images.answered().count() == 1


def test_settled_photos_are_left_alone(dataset, alice):
    first, second, third = dataset.images.all()
    dataset.images.filter(pk=first.pk).update(verified=True)
    dataset.images.filter(pk=second.pk).update(state=ReviewState.APPROVED)
    run(make_detector(), dataset, alice, Wish(also_labelled=True))
    assert [box.image_id for box in proposals(dataset)] == [third.pk]


def test_labels_cover_what_is_found_again(dataset, alice):
    first, second, _ = dataset.images.all()
    for image, x1 in ((first, 22), (second, 200)):
        label(image, alice, x1, 30, x1 + 100, 150)
    with_labels = run(make_detector(), dataset, alice, Wish(also_labelled=True))
    assert (with_labels.result["covered"], with_labels.result["images"]) == (1, 2)
    assert not proposals(dataset).filter(image=first).exists()
    assert second.boxes.count() == 2


def test_earlier_proposals_make_way(dataset, alice):
    run(make_detector(), dataset, alice)
    run(make_detector(answers=[(2, 0.8, 0.5, 0.5, 0.9, 0.9)]), dataset, alice)
    assert {box.label_class.name for box in proposals(dataset)} == {"R2-D2"}
    assert proposals(dataset).count() == 3


def test_nothing_found_leaves_photos_as_they_are(dataset, alice):
    job = run(make_detector(answers=()), dataset, alice)
    assert (job.state, job.result["nothing"], job.result["images"]) == (JobState.SUCCEEDED, 3, 0)
    assert set(dataset.images.values_list("revision", flat=True)) == {0}


def test_what_people_save_meanwhile_stands(dataset, alice, monkeypatch):
    first = dataset.images.first()
    detect = prelabelling.detect_images

    def slowly(*args):
        yield from detect(*args)
        label(first, alice, 1, 1, 9, 9)

    monkeypatch.setattr(prelabelling, "detect_images", slowly)
    job = run(make_detector(), dataset, alice)
    assert (job.result["passed"], job.result["images"]) == (1, 2)
    assert [box.source for box in first.boxes.all()] == ["person"]


def test_stopped_half_way_it_goes_on_from_there(dataset, alice, monkeypatch):
    monkeypatch.setattr(prelabelling, "CHUNK", 1)
    calls = []

    def cancel_at_the_second(context):
        calls.append(context)
        if len(calls) == 2:
            raise JobCancelled

    monkeypatch.setattr("detections.jobs.JobContext.check", cancel_at_the_second)
    job = run(make_detector(), dataset, alice)
    assert (job.state, proposals(dataset).count()) == (JobState.CANCELLED, 1)
    assert retry(job)
    assert finish(job).result["images"] == 2
    assert BulkChange.objects.get().images == 3
    assert set(dataset.images.values_list("revision", flat=True)) == {1}


def test_taken_back_it_does_not_go_on(dataset, alice):
    job = start_prelabel(make_detector(), dataset, Wish(), Answers(), alice)
    undo_change(BulkChange.objects.get(), alice)
    assert "taken back" in finish(job).error


def test_unreadable_photo_is_named(dataset, alice):
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    image = dataset.images.first()
    default_storage.delete(image.file)
    default_storage.save(image.file, ContentFile(b"no image"))
    job = run(make_detector(), dataset, alice)
    assert [row["code"] for row in job.result["problems"]] == ["not_an_image"]
    assert image.file_name in job.log and proposals(dataset).count() == 2


def test_classes_that_differ_are_asked_about_first(alice):
    dataset = make_dataset(("droid",))
    make_image(dataset, state=ReviewState.UNLABELLED)
    model = make_detector()
    with pytest.raises(ClassesDiffer, match="no class called BB-8, R2-D2; it has droid"):
        start_prelabel(model, dataset, Wish(), Answers(), alice)
    assert not Job.objects.filter(kind="prelabel").exists() and not BulkChange.objects.exists()
    run(model, dataset, alice, answers=Answers({1: 1, 2: None}))
    assert proposals(dataset).get().label_class.name == "droid"


def test_another_name_of_a_class_needs_no_question(alice):
    dataset = make_dataset(())
    dataset.add_class("astromech", aliases=["BB-8", "R2-D2"])
    make_image(dataset, state=ReviewState.UNLABELLED)
    run(make_detector(), dataset, alice)
    assert proposals(dataset).get().label_class.name == "astromech"


def test_nothing_open(alice):
    dataset = make_dataset()
    make_box(make_image(dataset))
    with pytest.raises(UserError, match="No photo of this filter is open"):
        start_prelabel(make_detector(), dataset, Wish(), Answers(), alice)


def test_page_asks_and_starts(alice, client):
    client.force_login(alice)
    dataset = make_dataset(())
    make_image(dataset, state=ReviewState.UNLABELLED)
    model = make_detector()
    url = reverse("detections:prelabel", args=[dataset.slug]) + "?state=unlabelled"
    assert client.get(url).context["unanswered"] == 1
    values = {"model": model.pk, "threshold": "0.5"}
    asked = client.post(url, values)
    assert asked.status_code == 422 and "A new class, BB-8" in asked.content.decode()
    answers = {"asked_for": f"{model.pk}-{dataset.pk}", "class-1": "new", "class-2": ""}
    assert client.post(url, values | answers).status_code == 302
    finish(Job.objects.get(kind="prelabel"))
    assert [c.name for c in dataset.classes.all()] == ["BB-8"]
    assert proposals(dataset).count() == 1


def test_page_needs_no_more_queries_for_more_photos(alice, client, django_assert_max_num_queries, dataset):
    client.force_login(alice)
    make_detector()
    with django_assert_max_num_queries(25):
        client.get(reverse("detections:prelabel", args=[dataset.slug]))


def test_api(alice, client, dataset):
    client.force_login(alice)
    body = {"dataset": dataset.slug, "model": make_detector(answers=[FOUND]).pk, "filter": "state=unlabelled"}
    answer = client.post("/api/v1/detections/prelabel", body, content_type="application/json")
    assert answer.status_code == 202 and answer.json()["images"] == 3
    finish(Job.objects.get(pk=answer.json()["job"]))
    assert proposals(dataset).count() == 3
    wrong = client.post(
        "/api/v1/detections/prelabel", body | {"mapping": {"X-wing": None}}, content_type="application/json"
    )
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "unknown_class")


def test_command(dataset, capsys):
    model = make_detector()
    call_command("prelabel", dataset.slug, "--model", model.name, "--json")
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (result["boxes"], result["images"], result["problems"]) == (3, 3, [])


def test_exports_hold_no_proposals(dataset, alice, tmp_path):
    from datasets.exporting.export import export_dataset

    first, second, _ = dataset.images.all()
    make_box(first, source="person")
    refresh_traits([first.pk])
    dataset.images.update(state=ReviewState.RETURNED)
    run(make_detector(), dataset, alice, Wish(also_labelled=True))
    assert proposals(dataset).filter(image=second).exists()
    result = export_dataset(dataset, "coco", tmp_path / "out")
    assert (result["images"], result["boxes"], result["unlabelled_left_out"]) == (1, 1, 2)
