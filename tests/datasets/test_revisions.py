"""The history of an image and the way back; who has it open."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from datasets.models import Box, Image
from datasets.models.presence import SILENT, Presence, arrive, leave
from datasets.revisions import restore_revision
from datasets.saving import BoxValues, save_boxes
from sw_site.lib.errors import UserError
from tests.factories import make_box, make_image, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def lived(alice):
    """An image with two revisions: a box with all it can have, then another class and nothing else."""
    image = make_image()
    box = make_box(image, pose="Left", tags=[["mood", "happy"]], source="model", score=0.5)
    rest = BoxValues(box.pk, box.label_class_id, box.x1, box.y1, box.x2, box.y2, source="model")
    save_boxes(image, 0, [rest], verified=True, negative=False, user=alice)
    save_boxes(image, 1, [], verified=False, negative=True, user=alice)
    return image


def test_going_back_is_a_new_revision_with_everything_that_was_there(lived, alice):
    restore_revision(lived, 1, alice)
    lived.refresh_from_db()
    (box,) = lived.boxes.all()
    assert (box.pose, box.tags, box.source, box.score) == ("Left", [["mood", "happy"]], "model", 0.5)
    assert (lived.revision, lived.verified, lived.negative, lived.box_count) == (3, True, False, 1)
    assert list(lived.revisions.values_list("summary", flat=True))[0] == "revision 1 restored"
    restore_revision(lived, 2, alice)
    lived.refresh_from_db()
    assert (lived.revision, lived.negative, lived.boxes.count()) == (4, True, 0)


def test_a_box_that_changed_becomes_what_it_was(lived, alice):
    restore_revision(lived, 1, alice)
    Box.objects.filter(image=lived).update(x1=3, difficult=True, pose="")
    restore_revision(lived, 1, alice)
    (box,) = lived.boxes.all()
    assert (box.x1, box.difficult, box.pose) == (10, False, "Left")


def test_a_box_whose_id_lives_on_another_image_comes_back_under_a_new_one(lived, alice):
    pk = lived.revisions.get(number=1).boxes[0]["id"]
    make_box(make_image(), id=pk)
    restore_revision(lived, 1, alice)
    assert lived.boxes.count() == 1 and str(lived.boxes.get().pk) != pk


def test_a_revision_that_is_none_is_said(lived):
    with pytest.raises(UserError, match="no revision 9"):
        restore_revision(lived, 9, None)


class TestPage:
    def test_states_are_shown_and_restored(self, client, lived):
        url = reverse("datasets:image-history", args=[lived.pk])
        page = client.get(url).content.decode()
        assert page.count('class="case"') == 1 and "1 added" not in page and "Restore revision 1" in page
        assert "Restore revision 2" not in page  # that is how it is now
        answer = client.post(url, {"number": "1"}, follow=True)
        assert "as it was after revision 1" in answer.content.decode() and lived.boxes.count() == 1
        assert "has no revision 0" in client.post(url, {"number": "x"}, follow=True).content.decode()

    def test_queries_do_not_grow_with_the_history(self, client, lived, alice, django_assert_num_queries):
        url = reverse("datasets:image-history", args=[lived.pk])
        with django_assert_num_queries(8):
            client.get(url)
        for number in range(2, 8):
            save_boxes(lived, number, [], verified=False, negative=bool(number % 2), user=alice)
        with django_assert_num_queries(8):
            client.get(url)


def test_the_api_lists_and_restores(client, lived):
    base = f"/api/v1/datasets/images/{lived.pk}/revisions"
    assert [(one["number"], one["user"], len(one["boxes"])) for one in client.get(base).json()["items"]] == [
        (2, "alice", 0),
        (1, "alice", 1),
    ]
    assert client.post(f"{base}/1/restore").json()["revision"] == 3
    assert client.post(f"{base}/99/restore").status_code == 404


def test_the_command_lists_and_restores(lived, capsys):
    call_command("image_history", str(lived.pk), "--restore", "1", "--json")
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["revision"] == 3
    with pytest.raises(CommandError, match="no image 0"):
        call_command("image_history", "0")


def test_who_else_is_there():
    image, bob, carol = make_image(), make_user("bob"), make_user("carol")
    assert arrive(image, bob) == [] and arrive(image, carol) == ["bob"] and arrive(image, bob) == ["carol"]
    leave(image, carol)
    assert arrive(image, bob) == []
    seen = Presence.objects.get().seen_at
    Presence.objects.update(seen_at=seen - SILENT - timedelta(seconds=1))
    assert arrive(image, carol) == []


def test_an_editor_says_that_it_is_there_and_hears_of_newer_revisions(client, lived):
    url = reverse("api-1:image_presence", args=[lived.pk])
    arrive(lived, make_user("bob"))
    assert client.post(url).json() == {"others": ["bob"], "revision": 2}
    assert client.delete(url).status_code == 204 and Presence.objects.filter(user__username="alice").count() == 0
    assert Image.objects.get(pk=lived.pk).presences.count() == 1
