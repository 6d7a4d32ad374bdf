"""Photos that look alike: found, decided, remembered; and labels that move over before one goes."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.urls import reverse
from PIL import Image as Picture
from PIL import ImageDraw

from datasets.curation.duplicates import decide, find_pairs, keep_one
from datasets.curation.groups import decide_group, keep_of_group, like_groups
from datasets.curation.moving import iou
from datasets.likeness import LENGTH, like_pairs
from datasets.models import Image, LikePair
from sw_site.jobs.models import Job
from sw_site.jobs.queue import run_here
from sw_site.lib.errors import UserError
from tests.factories import make_box, make_dataset, make_image

pytestmark = pytest.mark.django_db


def drawing(seed: int, width: int = 320, quality: int = 90) -> bytes:
    """A picture that is like others of its seed, whatever its size and quality."""
    picture = Picture.new("RGB", (320, 240), (seed * 53 % 255, seed * 97 % 255, 90))
    draw = ImageDraw.Draw(picture)
    for n in range(12):
        x, y = (seed * 71 + n * 37) % 300, (seed * 29 + n * 61) % 220
        draw.ellipse((x, y, x + 20 + n * 4, y + 15 + n * 3), fill=(n * 20, seed * 40 % 255, 255 - n * 20))
    buffer = io.BytesIO()
    picture.resize((width, width * 3 // 4)).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@pytest.fixture
def dataset():
    """Two sizes of one picture, and a third that is another."""
    dataset = make_dataset()
    for name, data, size in (
        ("large", drawing(1), (320, 240)),
        ("small", drawing(1, 160, 70), (160, 120)),
        ("other", drawing(4), (320, 240)),
    ):
        make_image(dataset, *size, data=data, file_name=name, fingerprint=None)
    return dataset


@pytest.fixture
def pair(dataset):
    large, small, _ = dataset.images.order_by("pk")
    return LikePair.objects.create(dataset=dataset, first=large, second=small, bits=2)


def test_a_smaller_copy_is_found_and_fingerprints_are_kept(dataset):
    result = find_pairs(dataset)
    pair = dataset.pairs.get()
    assert (pair.first.file_name, pair.second.file_name, result["open"]) == ("large", "small", 1)
    assert pair.bits < 20 and not dataset.images.filter(fingerprint=None).exists()


def test_looking_again_keeps_decisions_and_forgets_what_no_longer_looks_alike(dataset, alice):
    find_pairs(dataset)
    large, _, other = dataset.images.order_by("pk")
    decide(dataset.pairs.get(), "shot", alice)
    LikePair.objects.create(dataset=dataset, first=large, second=other, bits=9)
    result = find_pairs(dataset)
    assert (result["pairs"], result["open"]) == (1, 0) and dataset.pairs.get().decided_by == alice


def test_an_empty_dataset_has_no_pairs():
    assert find_pairs(make_dataset())["pairs"] == 0


def test_each_picture_brings_in_its_nearest_partners_only():
    prints = [bytes([n]) + bytes(LENGTH - 1) for n in (0, 1, 3, 7, 15)]
    assert like_pairs(prints, 10)[0] == (0, 1, 1) and len(like_pairs(prints, 10)) == 10
    assert like_pairs(prints, 1) == [(0, 1, 1), (1, 2, 1), (2, 3, 1), (3, 4, 1)]


def test_keeping_one_moves_the_boxes_it_lacks_in_its_own_pixels(pair, alice):
    large, small = pair.first, pair.second
    bb8, r2d2 = large.dataset.classes.all()
    make_box(large, bb8, x1=20, y1=20, x2=120, y2=120)
    make_box(small, bb8, x1=10, y1=10, x2=60, y2=61)
    make_box(small, r2d2, x1=70, y1=5, x2=100, y2=55, truncated=True)
    outcome = keep_one(pair, large.pk, alice)
    boxes = {box.label_class: box for box in large.boxes.select_related("label_class")}
    moved = boxes[r2d2]
    assert len(boxes) == 2 and (moved.x1, moved.y1, moved.x2, moved.y2, moved.truncated) == (140, 10, 200, 110, True)
    assert "1 of its boxes" in outcome.sentence and not Image.objects.filter(pk=small.pk).exists()
    assert large.revisions.first().summary == "1 added from small" and not LikePair.objects.exists()


def test_boxes_of_another_shape_are_not_moved_and_nothing_is_deleted(pair, alice):
    Image.objects.filter(pk=pair.second_id).update(height=160)
    make_box(pair.second, x1=1, y1=1, x2=9, y2=9)
    with pytest.raises(UserError, match="another shape"):
        keep_one(pair, pair.first_id, alice)
    assert Image.objects.filter(pk=pair.second_id).exists()
    keep_one(pair, pair.first_id, alice, with_boxes=False)
    assert not Image.objects.filter(pk=pair.second_id).exists()


def test_keeping_a_stranger_is_refused(pair, alice):
    with pytest.raises(UserError, match="not one of the two"):
        keep_one(pair, make_image().pk, alice)


@pytest.fixture
def chain(pair):
    """large - small - third in a row of pairs; and a fourth with a fifth, decided."""
    dataset = pair.dataset
    _, small, third = dataset.images.order_by("pk")
    LikePair.objects.create(dataset=dataset, first=small, second=third, bits=9)
    fourth, fifth = make_image(dataset, 320, 240), make_image(dataset, 320, 240)
    LikePair.objects.create(dataset=dataset, first=fourth, second=fifth, bits=1, decision="shot")
    return list(dataset.images.order_by("pk").values_list("pk", flat=True))


def test_pairs_that_hang_together_are_one_group(pair, chain):
    group, *more = like_groups(pair.dataset)
    assert (list(group.images), group.bits, more) == (chain[:3], 2, [])
    assert [list(g.images) for g in like_groups(pair.dataset, decided=True)] == [chain[3:]]


def test_decisions_do_not_join_what_was_decided_otherwise(pair, chain, alice):
    decide(pair, "both", alice)
    LikePair.objects.create(dataset=pair.dataset, first_id=chain[0], second_id=chain[4], bits=5, decision="shot")
    groups = {(g.decision, g.images) for g in like_groups(pair.dataset, decided=True)}
    assert groups == {("both", (chain[0], chain[1])), ("shot", (chain[0], chain[3], chain[4]))}


def test_a_group_is_decided_as_a_whole(pair, chain, alice):
    assert decide_group(pair.dataset, chain[:3], "both", alice) == 2
    assert like_groups(pair.dataset) == [] and len(like_groups(pair.dataset, decided=True)) == 2
    assert decide_group(pair.dataset, chain[:3], "", alice) == 2 and not LikePair.objects.get(pk=pair.pk).decided_at
    for images, decision in ((chain[:3], "no"), (chain[:1], "both"), ([], "both")):
        with pytest.raises(UserError):
            decide_group(pair.dataset, images, decision, alice)


def test_one_of_a_group_stays_with_the_boxes_of_all(pair, chain, alice):
    dataset = pair.dataset
    bb8, r2d2 = dataset.classes.all()
    make_box(dataset.images.get(pk=chain[0]), bb8, x1=20, y1=20, x2=120, y2=120)
    make_box(dataset.images.get(pk=chain[2]), bb8, x1=21, y1=20, x2=120, y2=120)  # the same one
    make_box(dataset.images.get(pk=chain[2]), r2d2, x1=200, y1=20, x2=300, y2=120)
    outcome = keep_of_group(dataset, chain[:3], chain[1], alice)
    kept = dataset.images.get(pk=chain[1])
    assert sorted((box.label, box.x1) for box in kept.boxes.all()) == [("BB-8", 10), ("R2-D2", 100)]
    assert "2 photos are deleted, 2 of their boxes moved over" in outcome.sentence and dataset.images.count() == 3


def test_only_the_photos_of_one_group_can_go(pair, chain, alice):
    for images, keep in ((chain, chain[0]), (chain[:1], chain[0]), ([*chain[:2], 10**9], chain[0])):
        with pytest.raises(UserError, match="not a group"):
            keep_of_group(pair.dataset, images, keep, alice)
    assert pair.dataset.images.count() == 5


def test_groups_in_the_api_and_on_the_command_line(client, pair, chain, capsys):
    url = f"/api/v1/datasets/{pair.dataset.slug}/duplicates/groups"
    answer = client.get(url).json()
    assert answer == {"items": [{"images": chain[:3], "bits": 2, "decision": ""}], "count": 1}
    said = client.post(url, json.dumps({"images": chain[:3], "decision": "shot"}), content_type="application/json")
    assert said.json() == {"decision": "shot", "pairs": 2} and client.get(url).json()["count"] == 0
    assert client.get(url, {"decided": True}).json()["count"] == 2
    again = json.dumps({"images": chain[3:], "keep": chain[3]})
    assert client.post(url, again, content_type="application/json").json()["changed"] == 1
    decide_group(pair.dataset, chain[:3], "", None)
    call_command("find_duplicates", pair.dataset.name, "--keep", str(chain[1]), "--json")
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["changed"] == 2
    assert list(pair.dataset.images.order_by("pk").values_list("pk", flat=True)) == [chain[1], chain[3]]


def test_iou():
    assert iou((0, 0, 2, 2), (0, 0, 2, 2)) == 1 and iou((0, 0, 2, 2), (2, 2, 4, 4)) == 0
    assert iou((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)


class TestPage:
    def url(self, dataset):
        return reverse("datasets:duplicate-list", args=[dataset.slug])

    def test_from_nothing_to_a_decision_and_back(self, client, dataset):
        url = self.url(dataset)
        assert "Compare the photos" in client.get(url).content.decode()
        client.post(url, {"action": "find"})
        assert "compared already" in client.post(url, {"action": "find"}, follow=True).content.decode()
        assert run_here(Job.objects.get()).state == "succeeded"
        content = client.get(url).content.decode()
        assert "of 128 bits differ" in content and "The right photo is deleted" in content
        pair = dataset.pairs.get()
        both = [pair.first_id, pair.second_id]
        client.post(url, {"image": both, "decision": "both"})
        assert "No group to decide" in client.get(url).content.decode()
        assert "Decide again" in client.get(url + "?decided=1").content.decode()
        client.post(url + "?decided=1", {"image": both, "decision": ""})
        pair.refresh_from_db()
        assert pair.decision == ""

    def test_a_group_says_how_many_would_go(self, client, pair, chain):
        content = client.get(self.url(pair.dataset)).content.decode()
        assert "The 2 other photos of the group are deleted" in content and "Keep all" in content

    def test_keeping_one(self, client, pair):
        client.post(
            self.url(pair.dataset), {"image": [pair.first_id, pair.second_id], "keep": pair.second_id, "boxes": "1"}
        )
        assert [image.file_name for image in pair.dataset.images.order_by("pk")] == ["small", "other"]

    @pytest.mark.parametrize(
        "data", [{"decision": "both"}, {"decision": "", "image": "x"}, {"keep": "7", "image": ["7", "999"]}]
    )
    def test_bad_input_is_a_sentence(self, client, dataset, data):
        assert "not a group any more" in client.post(self.url(dataset), data, follow=True).content.decode()

    def test_files_refused_for_their_bytes_are_shown_with_their_twin(self, client, dataset):
        problems = [{"file": "copy.jpg", "code": "duplicate_image", "message": "It is the same file as a.jpg."}]
        page = dataset.get_absolute_url()
        Job.objects.create(kind="import", title="i", handler="h", subject_url=page, result={"problems": problems})
        assert "same file as a.jpg" in client.get(self.url(dataset)).content.decode()


def test_the_command_and_the_api(client, dataset, capsys):
    call_command("find_duplicates", dataset.name, "--json")
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["open"] == 1 and result["pairs"][0]["first"]["file"] == "large"
    url = f"/api/v1/datasets/{dataset.slug}/duplicates"
    pair = client.get(url).json()["items"][0]
    decided = client.post(f"{url}/{pair['id']}", json.dumps({"decision": "both"}), content_type="application/json")
    assert decided.json() == {"decision": "both"} and client.get(url).json()["items"] == []
    assert client.post(f"{url}/find").json()["pairs"] == 1
    bad = client.post(f"{url}/{pair['id']}", json.dumps({"decision": "no"}), content_type="application/json")
    assert bad.status_code == 422
