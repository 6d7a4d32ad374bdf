"""Acting on many images: what changes, what is left alone, and the way back."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from datasets.curation import actions, jobs
from datasets.curation.dispatch import Order, perform
from datasets.curation.undo import undo_change
from datasets.models import Box, BulkChange, Image, SavedView
from datasets.saving import BoxValues, save_boxes
from datasets.traits import refresh_traits
from datasets.versions.freeze import freeze
from sw_site.jobs.models import Job
from sw_site.jobs.queue import run_here
from sw_site.lib.errors import UserError
from tests.factories import make_box, make_dataset, make_image, make_user, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    """Two photos with a BB-8 each (the second has an R2-D2 too), one without boxes."""
    dataset = make_dataset()
    bb8, r2d2 = dataset.classes.all()
    first, second = make_image(dataset), make_image(dataset)
    make_image(dataset, state="unlabelled")
    make_box(first, bb8)
    make_box(second, bb8)
    make_box(second, r2d2, x1=1)
    refresh_traits(dataset.images.values_list("pk", flat=True))
    return dataset


def ids(dataset):
    return list(dataset.images.order_by("pk").values_list("pk", flat=True))


def labels(image):
    return sorted(box.label_class.name for box in image.boxes.select_related("label_class"))


def test_proposals_are_no_labels_until_accepted(dataset, alice):
    bb8, _ = dataset.classes.all()
    third = dataset.images.order_by("pk")[2]
    make_box(third, bb8, source="model", score=0.8)
    make_box(dataset.images.order_by("pk")[0], bb8, source="model", score=0.7, x1=5)
    frozen = freeze(dataset).manifest()
    assert sorted(len(image.boxes) for image in frozen.images) == [1, 2]
    outcome = perform(dataset, ids(dataset), Order("unpropose"), alice)
    assert outcome.changed == 2 and not Box.objects.filter(source="model").exists()
    undo_change(outcome.change, alice)
    third.refresh_from_db()
    assert third.boxes.get().score == 0.8 and third.state == "unlabelled"
    assert perform(dataset, ids(dataset), Order("accept"), alice).changed == 2
    third.refresh_from_db()
    assert (third.boxes.get().source, third.state) == ("person", "labelled")


def test_labelled_image_with_proposals_alone_is_not_frozen(dataset):
    bb8, _ = dataset.classes.all()
    odd = make_image(dataset)
    make_box(odd, bb8, source="model", score=0.8)
    assert odd.pk not in {image.id for image in freeze(dataset).manifest().images}


def test_relabel_writes_revisions_and_is_taken_back(dataset, alice):
    bb8, r2d2 = dataset.classes.all()
    first, second, third = dataset.images.order_by("pk")
    before = {box.pk: box.label_class_id for image in (first, second) for box in image.boxes.all()}
    outcome = actions.relabel(dataset, ids(dataset), alice, r2d2, bb8)
    assert (outcome.changed, outcome.left) == (2, 1) and "BB-8 → R2-D2" in outcome.sentence
    assert labels(first) == ["R2-D2"] and labels(second) == ["R2-D2", "R2-D2"]
    assert [r.summary for r in first.revisions.all()] == ["BB-8 → R2-D2", "as it was before"]
    again = undo_change(outcome.change, alice)
    assert again.images == 2
    assert {box.pk: box.label_class_id for image in (first, second) for box in image.boxes.all()} == before
    first.refresh_from_db()
    assert first.revision == 2 and first.revisions.first().summary == "taken back: BB-8 → R2-D2"
    with pytest.raises(UserError, match="already"):
        undo_change(outcome.change, alice)


def test_taking_back_leaves_what_somebody_saved_since(dataset, alice):
    bb8, r2d2 = dataset.classes.all()
    first, second, _ = dataset.images.order_by("pk")
    change = actions.relabel(dataset, ids(dataset), alice, r2d2, bb8).change
    values = BoxValues(uuid.uuid4(), r2d2.pk, 5, 5, 50, 50)
    save_boxes(first, 1, [values], verified=True, negative=False, user=alice)
    assert undo_change(change, alice).images == 1
    assert [box.pk for box in first.boxes.all()] == [values.id] and labels(second) == ["BB-8", "R2-D2"]


def test_taking_back_brings_deleted_boxes_with_everything_their_file_said(dataset, alice):
    bb8, r2d2 = dataset.classes.all()
    first = dataset.images.order_by("pk").first()
    box = first.boxes.get()
    box.pose, box.tags = "Left", [["attributes", "worn"]]
    box.save()
    change = actions.relabel(dataset, [first.pk], alice, r2d2, bb8).change
    first.boxes.all().delete()
    undo_change(change, alice)
    again = first.boxes.get()
    assert (again.pk, again.label_class, again.pose, again.tags) == (box.pk, bb8, "Left", [["attributes", "worn"]])


def test_revisions_written_before_they_held_tags_leave_those_of_boxes_alone(dataset, alice):
    bb8, r2d2 = dataset.classes.all()
    first = dataset.images.order_by("pk").first()
    first.boxes.update(tags=[["attributes", "worn"]])
    change = actions.relabel(dataset, [first.pk], alice, r2d2, bb8).change
    earlier = first.revisions.get(number=0)
    earlier.boxes = [{key: value for key, value in row.items() if key != "tags"} for row in earlier.boxes]
    earlier.save()
    undo_change(change, alice)
    assert (first.boxes.get().label_class, first.boxes.get().tags) == (bb8, [["attributes", "worn"]])


def test_relabel_to_a_new_class_splits_one_off(dataset, alice):
    first = dataset.images.order_by("pk").first()
    bb8 = dataset.classes.first()
    perform(dataset, [first.pk], Order("relabel", source=bb8.pk, new_class=" BB-9E "), alice)
    assert labels(first) == ["BB-9E"] and [c.number for c in dataset.classes.all()] == [1, 2, 3]


def test_negative_leaves_photos_with_boxes_alone_and_undo_opens_them_again(dataset, alice):
    outcome = actions.mark_negative(dataset, ids(dataset), alice)
    third = dataset.images.order_by("pk").last()
    assert (outcome.changed, outcome.left, third.state, third.negative) == (1, 2, "labelled", True)
    undo_change(outcome.change, alice)
    third.refresh_from_db()
    assert (third.state, third.negative, third.revision) == ("unlabelled", False, 2)


def test_verified_is_history_too(dataset, alice):
    outcome = actions.mark_verified(dataset, ids(dataset), alice)
    assert outcome.changed == 3 and dataset.images.filter(verified=True, revision=1).count() == 3
    assert actions.mark_verified(dataset, ids(dataset), alice).changed == 0


def test_what_nobody_answered_cannot_be_approved(dataset):
    outcome = actions.set_state(dataset, ids(dataset), "approved")
    assert (outcome.changed, outcome.left) == (2, 1) and "left alone" in outcome.sentence
    with pytest.raises(UserError, match="no state"):
        actions.set_state(dataset, ids(dataset), "nonsense")


def test_assigning_and_views(dataset, alice):
    assert perform(dataset, ids(dataset), Order("assign", person=alice.pk), alice).changed == 3
    assert perform(dataset, ids(dataset)[:2], Order("assign"), alice).changed == 2
    assert [image.assignee for image in dataset.images.order_by("pk")] == [None, None, alice]
    perform(dataset, ids(dataset)[:2], Order("view", view="Again"), alice)
    assert perform(dataset, ids(dataset), Order("view", view="Again"), alice).changed == 1
    assert SavedView.objects.get().images.count() == 3


def test_deleting_keeps_versions_whole(client):
    version = make_version()
    dataset = version.dataset
    outcome = actions.delete_images(dataset, ids(dataset))
    assert outcome.changed == 6 and not dataset.images.exists() and len(version.manifest().images) == 6


def test_images_of_another_dataset_are_never_touched(dataset, alice):
    stranger = make_image()
    for order in (Order("verify"), Order("delete"), Order("state", state="returned"), Order("assign", person=alice.pk)):
        perform(dataset, [stranger.pk], order, alice)
    stranger.refresh_from_db()
    assert (stranger.verified, stranger.state, stranger.assignee) == (False, "labelled", None)


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        (Order("explode"), "no action"),
        (Order("relabel"), "Choose the class"),
        (Order("relabel", target=99999), "Choose the class"),
        (Order("relabel", target=1, source=99999), "not there any more"),
        (Order("assign", person=99999), "not there any more"),
        (Order("view"), "Give the view a name"),
    ],
)
def test_orders_that_mean_nothing_are_refused(dataset, alice, order, sentence):
    with pytest.raises(UserError, match=sentence):
        perform(dataset, ids(dataset), order, alice)
    assert not BulkChange.objects.exists()


class TestPage:
    def act(self, client, dataset, **data):
        return client.post(reverse("datasets:image-act", args=[dataset.slug]), data, follow=True)

    def test_ticked_photos_and_back_to_the_filter(self, client, dataset):
        response = self.act(client, dataset, action="verify", image=ids(dataset)[:2], query="?min=1")
        assert response.redirect_chain[-1][0].endswith("?min=1") and "Take it back" in response.content.decode()
        assert dataset.images.filter(verified=True).count() == 2
        change = BulkChange.objects.get()
        page = client.get(reverse("datasets:change-list", args=[dataset.slug])).content.decode()
        assert "verified" in page and "Take it back" in page
        client.post(reverse("datasets:change-undo", args=[dataset.slug, change.pk]))
        assert not dataset.images.filter(verified=True).exists()

    def test_all_that_match(self, client, dataset):
        self.act(client, dataset, action="verify", all="1", query="?min=2")
        assert dataset.images.filter(verified=True).count() == 1

    def test_many_go_to_the_background(self, client, dataset, monkeypatch):
        monkeypatch.setattr(jobs, "AT_ONCE", 1)
        target = dataset.classes.last()
        content = self.act(client, dataset, action="relabel", all="1", target=target.pk).content.decode()
        assert "runs in the background" in content
        job = run_here(Job.objects.get())
        assert job.state == "succeeded" and job.result["changed"] == 2
        assert {labels(image)[0] for image in dataset.images.filter(box_count__gt=0)} == {"R2-D2"}
        undo = reverse("datasets:change-undo", args=[dataset.slug, job.result["change"]])
        assert "runs in the background" in client.post(undo, follow=True).content.decode()
        assert run_here(Job.objects.first()).result["changed"] == 2
        assert {labels(image)[0] for image in dataset.images.filter(box_count__gt=0)} == {"BB-8"}

    def test_bad_input_is_a_sentence(self, client, dataset):
        for data in ({"action": "delete"}, {"action": "x", "image": "y"}, {"action": "delete", "image": "0"}):
            assert (
                "No photo is chosen" in self.act(client, dataset, **data).content.decode() or Image.objects.count() == 3
            )
        assert Image.objects.count() == 3

    def test_an_outsider_is_asked_to_sign_in(self, visitor, dataset):
        response = visitor.post(reverse("datasets:image-act", args=[dataset.slug]), {"action": "delete"})
        assert response.status_code == 302 and Image.objects.count() == 3

    def test_a_change_of_another_dataset_is_not_taken_back_here(self, client, dataset, alice):
        change = actions.mark_verified(dataset, ids(dataset), alice).change
        client.post(reverse("datasets:change-undo", args=[make_dataset().slug, change.pk]))
        change.refresh_from_db()
        assert change.undone_at is None

    def test_someone_else_may_take_a_change_back(self, client, dataset):
        change = actions.mark_verified(dataset, ids(dataset), make_user("bob")).change
        client.post(reverse("datasets:change-undo", args=[dataset.slug, change.pk]))
        change.refresh_from_db()
        assert change.undone_at is not None
