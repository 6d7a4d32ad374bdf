"""Classes: what may be changed, what never is (the number), by the page, the API and the command."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from datasets.curation import classes as act
from datasets.curation.undo import undo_change
from sw_site.lib.errors import UserError
from tests.factories import make_box, make_dataset, make_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return make_dataset(classes=("BB-8", "R2-D2", "Ewok"))


def names(dataset):
    return [(c.number, c.name) for c in dataset.classes.all()]


def test_a_renamed_class_still_answers_to_its_old_name(dataset):
    bb8 = dataset.classes.first()
    act.rename_class(bb8, "  Ball   droid ")
    bb8.refresh_from_db()
    assert (bb8.number, bb8.name, bb8.aliases) == (1, "Ball droid", ["BB-8"])
    act.rename_class(bb8, "BB-8")
    assert (bb8.name, bb8.aliases) == ("BB-8", ["Ball droid"])


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "R2-D2", "artoo"])
def test_names_that_cannot_be(dataset, name):
    bb8, r2d2, _ = dataset.classes.all()
    r2d2.aliases = ["artoo"]
    r2d2.save()
    for action in (lambda: act.rename_class(bb8, name), lambda: act.add_class(dataset, name)):
        with pytest.raises(UserError):
            action()
    assert names(dataset) == [(1, "BB-8"), (2, "R2-D2"), (3, "Ewok")]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"colour": "red"}, "class_colour"),
        ({"hotkey": "w"}, "class_key"),
        ({"hotkey": "0"}, "class_key"),
        ({"hotkey": "ab"}, "class_key"),
        ({"hotkey": "2"}, "class_key_taken"),
        ({"aliases": ["R2-D2"]}, "class_alias"),
    ],
)
def test_values_that_cannot_be(dataset, values, code):
    bb8 = dataset.classes.first()
    with pytest.raises(UserError) as error:
        act.edit_class(bb8, **{"colour": "#112233", "hotkey": "", "aliases": [], **values})
    bb8.refresh_from_db()
    assert error.value.code == code and (bb8.hotkey, bb8.aliases) == ("", [])


def test_a_key_that_was_given_up_is_free(dataset):
    bb8, r2d2, _ = dataset.classes.all()
    act.edit_class(r2d2, colour="#112233", hotkey="r", aliases=["artoo", " artoo ", ""])
    act.edit_class(bb8, colour="#AABBCC", hotkey="2", aliases=[])
    assert (bb8.key, r2d2.key, r2d2.aliases, bb8.colour) == ("2", "r", ["artoo"], "#aabbcc")


def test_merging_moves_boxes_and_names_and_keeps_the_number_taken(dataset, alice):
    bb8, r2d2, _ = dataset.classes.all()
    image = make_image(dataset)
    make_box(image, bb8)
    make_box(image, r2d2, x1=1)
    outcome = act.merge_classes(bb8, r2d2, alice)
    bb8.refresh_from_db()
    assert {box.label_class for box in image.boxes.all()} == {r2d2} and outcome.changed == 1
    assert bb8.retired and r2d2.aliases == ["BB-8"]
    assert dataset.add_class("New").number == 4
    undo_change(outcome.change, alice)
    assert {box.label_class.name for box in image.boxes.all()} == {"BB-8", "R2-D2"}


def test_taking_a_merge_back_gives_the_class_its_names_again(dataset, alice):
    bb8, r2d2, _ = dataset.classes.all()
    act.edit_class(bb8, colour="#010203", hotkey="b", aliases=["ball", "bb"])
    act.edit_class(r2d2, colour="#010203", hotkey="", aliases=["artoo"])
    make_box(make_image(dataset), bb8)
    change = act.merge_classes(bb8, r2d2, alice).change
    act.edit_class(r2d2, colour="#010203", hotkey="", aliases=["artoo", "BB-8", "bb", "new"])  # "ball" was taken off
    undo_change(change, alice)
    bb8.refresh_from_db()
    r2d2.refresh_from_db()
    assert (bb8.retired, bb8.aliases, bb8.boxes.count()) == (False, ["bb"], 1) and r2d2.aliases == ["artoo", "new"]


def test_a_merge_of_a_class_without_boxes_is_taken_back_too(client, dataset, alice):
    bb8, r2d2, _ = dataset.classes.all()
    url = reverse("datasets:class-list", args=[dataset.slug])
    merge = {"action": "merge", "class": bb8.pk, "target": r2d2.pk}
    assert "Take it back" in client.post(url, merge, follow=True).content.decode()
    change = dataset.changes.get()
    assert "BB-8 → R2-D2" in client.get(reverse("datasets:change-list", args=[dataset.slug])).content.decode()
    client.post(reverse("datasets:change-undo", args=[dataset.slug, change.pk]))
    bb8.refresh_from_db()
    r2d2.refresh_from_db()
    assert not bb8.retired and r2d2.aliases == []


def test_a_class_cannot_be_merged_with_itself_or_a_stranger(dataset, alice):
    bb8 = dataset.classes.first()
    for other in (bb8, make_dataset().classes.first()):
        with pytest.raises(UserError, match="two different classes"):
            act.merge_classes(bb8, other, alice)


def test_order_is_for_lists_and_new_classes_come_last(dataset):
    bb8, r2d2, ewok = dataset.classes.all()
    act.reorder_classes(dataset, [ewok.pk, 99999, ewok.pk])
    assert names(dataset) == [(3, "Ewok"), (1, "BB-8"), (2, "R2-D2")]
    dataset.add_class("Last")
    assert names(dataset)[-1] == (4, "Last")


def test_a_label_map_goes_out_and_comes_in_with_its_numbers(dataset):
    act.retire_class(dataset.classes.last())
    text = act.export_label_map(dataset)
    fresh = make_dataset(classes=())
    act.import_label_map(fresh, text + "item { id: 7 name: 'Jawa' }")
    assert names(fresh) == [(1, "BB-8"), (2, "R2-D2"), (7, "Jawa")]
    assert act.import_label_map(fresh, text) == [] and fresh.add_class("Next").number == 8


@pytest.mark.parametrize("text", ["item { id: 1 name: 'Ewok' }", "item { id: 9 name: 'BB-8' }", "nonsense {", ""])
def test_a_label_map_that_says_otherwise_changes_nothing(dataset, text):
    with pytest.raises(UserError):
        act.import_label_map(dataset, "item { id: 8 name: 'New' }" + text if text.startswith("item") else text)
    assert len(names(dataset)) == 3


class TestPage:
    def post(self, client, dataset, **data):
        url = reverse("datasets:class-list", args=[dataset.slug])
        return client.post(url, data, follow=True).content.decode()

    def test_one_dialog_saves_everything(self, client, dataset):
        bb8 = dataset.classes.first()
        data = {"class": bb8.pk, "name": "Ball", "colour": "#010203", "hotkey": "b", "aliases": "bb8\r\n\r\nball droid"}
        assert "Ball is saved" in self.post(client, dataset, action="edit", **data)
        bb8.refresh_from_db()
        assert (bb8.name, bb8.colour, bb8.key, bb8.aliases) == ("Ball", "#010203", "b", ["bb8", "ball droid"])

    def test_moving_retiring_and_offering_again(self, client, dataset):
        bb8 = dataset.classes.first()
        self.post(client, dataset, action="down", **{"class": bb8.pk})
        assert names(dataset)[:2] == [(2, "R2-D2"), (1, "BB-8")]
        self.post(client, dataset, action="down", **{"class": dataset.classes.last().pk})
        assert "offered no more" in self.post(client, dataset, action="retire", **{"class": bb8.pk})
        assert "Offer again" in client.get(reverse("datasets:class-list", args=[dataset.slug])).content.decode()
        self.post(client, dataset, action="restore", **{"class": bb8.pk})
        bb8.refresh_from_db()
        assert not bb8.retired

    def test_merging(self, client, dataset):
        bb8, r2d2, _ = dataset.classes.all()
        make_box(make_image(dataset), bb8)
        assert "Take it back" in self.post(client, dataset, action="merge", target=r2d2.pk, **{"class": bb8.pk})
        assert r2d2.boxes.count() == 1

    @pytest.mark.parametrize(
        "data", [{"action": "x"}, {"action": "edit", "class": "999"}, {"action": "label_map"}, {"name": ""}]
    )
    def test_bad_input_is_a_sentence(self, client, dataset, data):
        assert 'class="message bad"' in self.post(client, dataset, **data) and len(names(dataset)) == 3

    def test_the_label_map_both_ways(self, client, dataset):
        url = reverse("datasets:label-map", args=[dataset.slug])
        response = client.get(url)
        assert "attachment" in response["Content-Disposition"] and b"name: 'BB-8'" in response.content
        self.post(
            client, dataset, action="label_map", label_map=SimpleUploadedFile("m.pbtxt", b"item { id: 5 name: 'X' }")
        )
        assert names(dataset)[-1] == (5, "X")
        assert "not a text" in self.post(
            client, dataset, action="label_map", label_map=SimpleUploadedFile("m", b"\xff")
        )

    def test_no_class_yet(self, client):
        content = client.get(reverse("datasets:class-list", args=[make_dataset(classes=()).slug])).content.decode()
        assert "No class yet" in content


class TestApi:
    def call(self, client, method, dataset, path, body=None):
        url = f"/api/v1/datasets/{dataset.slug}/{path}"
        return getattr(client, method)(url, json.dumps(body or {}), content_type="application/json")

    def test_classes(self, client, dataset):
        made = self.call(client, "post", dataset, "classes", {"name": "Jawa"})
        assert made.status_code == 201 and made.json()["number"] == 4
        pk = made.json()["id"]
        changed = self.call(
            client, "patch", dataset, f"classes/{pk}", {"name": "Tusken", "hotkey": "j", "retired": True}
        )
        assert changed.json() | {"colour": ""} == {
            "id": pk, "number": 4, "name": "Tusken", "colour": "", "key": "j", "aliases": ["Jawa"], "retired": True
        }  # fmt: skip
        order = self.call(client, "put", dataset, "classes/order", {"ids": [pk]})
        assert order.json()[0]["id"] == pk
        refused = self.call(client, "post", dataset, "classes", {"name": "BB-8"})
        assert refused.status_code == 409 and refused.json()["error"]["code"] == "class_exists"
        target = dataset.classes.get(name="BB-8")
        merged = self.call(client, "post", dataset, f"classes/{pk}/merge", {"into": target.pk})
        assert merged.status_code == 200 and merged.json()["changed"] == 0

    def test_acting_and_taking_back(self, client, dataset):
        image = make_image(dataset, state="unlabelled")
        done = self.call(client, "post", dataset, "images/act", {"action": "negative", "filter": "?max=0"}).json()
        assert done["changed"] == 1
        undone = self.call(client, "post", dataset, f"changes/{done['change']}/undo")
        image.refresh_from_db()
        assert undone.status_code == 200 and not image.negative
        assert len(client.get(f"/api/v1/datasets/{dataset.slug}/changes").json()["items"]) == 2
        assert self.call(client, "post", dataset, "images/act", {"action": "verify"}).status_code == 422

    def test_images_page_by_key(self, client, dataset):
        made = [make_image(dataset).pk for _ in range(3)]
        url = f"/api/v1/datasets/{dataset.slug}/images?limit=2&sort=newest"
        first = client.get(url).json()
        second = client.get(f"{url}&after={first['next']}").json()
        assert [i["id"] for i in first["items"] + second["items"]] == made[::-1] and first["count"] == 3
        assert second["next"] == ""


class TestCommands:
    def run(self, capsys, *arguments):
        call_command(*arguments, "--json")
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    def test_edit_classes(self, dataset, tmp_path, capsys):
        file = tmp_path / "map.pbtxt"
        options = [
            "--add",
            "Jawa",
            "--rename",
            "BB-8",
            "Ball",
            "--merge",
            "Ewok",
            "Jawa",
            "--order",
            "Jawa",
            "--write",
            str(file),
        ]
        result = self.run(capsys, "edit_classes", dataset.name, *options)
        assert [c["name"] for c in result["classes"]] == ["Jawa", "Ball", "R2-D2", "Ewok"]
        assert [c["retired"] for c in result["classes"]] == [False, False, False, True]
        assert "Ball" in file.read_text() and "Ewok" not in file.read_text()
        fresh = make_dataset(classes=())
        call_command("edit_classes", fresh.name, "--read", str(file))
        assert names(fresh) == [(1, "Ball"), (2, "R2-D2"), (4, "Jawa")]
        with pytest.raises(CommandError, match="no class called “Nope”"):
            call_command("edit_classes", dataset.name, "--retire", "Nope")

    def test_edit_images(self, dataset, capsys):
        image = make_box(make_image(dataset), dataset.classes.first()).image
        done = self.run(capsys, "edit_images", dataset.name, "relabel", "--from", "BB-8", "--to", "Ball")
        assert done["changed"] == 1 and image.boxes.get().label_class.name == "Ball"
        self.run(capsys, "edit_images", dataset.name, "undo", "--change", str(done["change"]))
        assert image.boxes.get().label_class.name == "BB-8"
        with pytest.raises(CommandError, match="1 images would be deleted"):
            call_command("edit_images", dataset.name, "delete")
        assert len(self.run(capsys, "edit_images", dataset.name, "list")["images"]) == 1
        self.run(capsys, "edit_images", dataset.name, "delete", "--yes")
        assert not dataset.images.exists()
