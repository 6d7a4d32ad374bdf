"""The registry: numbers, aliases, stage, tags, notes, cards, lineage; page, API and command line."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from datasets.curation.actions import delete_images
from datasets.versions.manage import delete_version
from detections.models import Evaluation
from sw_site.jobs.queue import run_here
from sw_site.lib.errors import UserError
from tests.factories import make_box, make_dataset, make_model, make_run, make_version
from training.box_lineage import boxes_uses_of
from training.cards import as_markdown, model_card
from training.curating import drop_alias, move_alias, set_note, set_stage, set_tags
from training.lineage import ancestors, uses_of
from training.models import ModelAlias, TrainedModel

AP50 = {"BB-8": {"ap": 0.6, "ap50": 0.9}, "R2-D2": {"ap": 0.2, "ap50": 0.4}}


@pytest.fixture
def model(version):
    return make_model(make_run(version, best_per_class=AP50), name="my droids", ap=0.4, ap50=0.65)


@pytest.fixture
def other(version):
    return make_model(make_run(version), name="other droids", ap=0.5, ap50=0.8, number=2)


def test_trained_models_are_the_versions_of_their_dataset(waiting_run, fake_engine):
    for name in ("first", "second"):
        run_here(waiting_run(name).job)
    elsewhere = make_model(make_run(make_version(make_dataset())))
    numbers = list(TrainedModel.objects.exclude(pk=elsewhere.pk).order_by("pk").values_list("number", flat=True))
    assert numbers == [1, 2] and elsewhere.number == 1


def test_an_alias_points_at_one_model_and_both_remember_the_move(model, other, alice):
    move_alias(model, "Production", alice)
    move_alias(other, "production", alice)
    alias = ModelAlias.objects.get()
    assert (alias.name, alias.model, alias.moved_by) == ("production", other, alice)
    assert [line.message for line in model.history.all()] == [
        f"Became production of {model.run.version.dataset}.",
        f"Is no longer production of {model.run.version.dataset}: that is other droids now.",
    ]
    assert other.history.get().message.endswith("until now my droids's.")
    move_alias(other, "production", alice)
    assert other.history.count() == 1  # nothing moved


def test_datasets_have_aliases_of_their_own(model):
    elsewhere = make_model(make_run(make_version(make_dataset())))
    move_alias(model, "production"), move_alias(elsewhere, "production")
    assert ModelAlias.objects.count() == 2
    slug = elsewhere.run.version.dataset.slug
    assert TrainedModel.objects.by_reference(f"{slug}@production") == elsewhere


@pytest.mark.parametrize("name", ["", "two words", "1st", "x" * 31, "Ünique", "a\x00b"])
def test_a_name_that_is_no_alias_is_refused(model, name):
    with pytest.raises(UserError, match="cannot be an alias"):
        move_alias(model, name)
    assert not ModelAlias.objects.exists()


def test_an_alias_one_does_not_have_cannot_be_taken_away(model, other):
    move_alias(model, "candidate")
    with pytest.raises(UserError, match="is not candidate"):
        drop_alias(other, "candidate")
    drop_alias(model, "candidate")
    assert not ModelAlias.objects.exists()


def test_a_model_in_use_is_not_retired(model):
    move_alias(model, "production")
    with pytest.raises(UserError, match="Move that to another model"):
        set_stage(model, "retired")
    drop_alias(model, "production")
    assert set_stage(model, "retired").stage == "retired"
    with pytest.raises(UserError, match="no stage"):
        set_stage(model, "gold")


def test_tags_and_notes_are_tidied_and_limited(model):
    assert set_tags(model, [" night  shots ", "", "night shots", "café"]).tags == ["night shots", "café"]
    assert set_note(model, "Works\r\nat dusk. ").note == "Works\nat dusk."
    with pytest.raises(UserError, match="at most 20 tags"):
        set_tags(model, ["x" * 31])
    with pytest.raises(UserError, match="10,000 are the most"):
        set_note(model, "x" * 10_001)


def test_the_card_names_what_is_weak(model):
    card = model_card(model)
    assert card["content_hash"] == model.run.version.content_hash and card["number"] == 1
    said = " ".join(card["weaknesses"])
    assert "R2-D2 is found less well than the others: AP50 40.0 %" in said and "BB-8 is found" not in said
    assert "BB-8 was learnt from 2 boxes only" in said and "not evaluated on test images yet" in said
    markdown = as_markdown(card)
    assert "# my droids" in markdown and "| 1 | BB-8 | 90.0 % | – |" in markdown


def test_the_card_takes_thresholds_from_val_and_figures_from_the_newest_evaluations(model):
    def evaluated(split, score):
        rows = [{"name": "BB-8", "best": {"score": score}}, {"name": "R2-D2", "best": None}]
        figures = {"per_class": rows}
        Evaluation.objects.create(
            model=model, version=model.run.version, split=split, ap=0.3, ap50=0.6, figures=figures
        )

    evaluated("val", 0.7), evaluated("val", 0.42), evaluated("test", 0.9)
    card = model_card(model)
    assert card["thresholds"] == {"BB-8": 0.42}
    assert [row["split"] for row in card["evaluations"]] == ["test", "val"]
    assert "test images yet" not in " ".join(card["weaknesses"])


def test_lineage_leads_from_a_photo_to_the_models_and_back(model, alice):
    dataset = model.run.version.dataset
    images = {image.id: image.split for image in model.run.version.manifest().images}
    learnt = next(pk for pk, split in images.items() if split == "train")
    (use,) = uses_of(dataset.images.get(pk=learnt), alice)
    assert (use.version, use.split, use.boxes, use.models, use.taught) == (model.run.version, "train", 1, [model], True)
    measured = next(pk for pk, split in images.items() if split == "val")
    (use,) = uses_of(dataset.images.get(pk=measured), alice)
    assert not use.taught


def test_a_model_knows_the_runs_it_descends_from(model):
    child = make_model(make_run(model.run.version, base_model=model))
    longer = make_model(make_run(model.run.version, continues=child.run))
    assert ancestors(longer) == [longer.run, child.run, model.run]


def test_what_a_model_stands_on_cannot_be_deleted(model):
    version = model.run.version
    with pytest.raises(UserError, match="stand"):
        delete_version(version)
    dataset = version.dataset
    delete_images(dataset, list(dataset.images.values_list("pk", flat=True)))
    assert all(image.path.is_file() for image in version.manifest().images)


def test_the_page_moves_aliases_and_describes(client, model):
    answer = client.post(reverse("training:model-alias", args=[model.pk]), {"name": "production"}, follow=True)
    page = answer.content.decode()
    assert "is production now" in page and "Became production of" in page and "alice" in page
    answers = {"stage": "checked", "tags": "night, small", "note": "<b>Good</b> at dusk"}
    page = client.post(reverse("training:model-describe", args=[model.pk]), answers, follow=True).content.decode()
    assert "Checked" in page and "night" in page and "&lt;b&gt;Good" in page
    page = client.post(reverse("training:model-alias", args=[model.pk]), {"drop": "production"}, follow=True)
    assert not ModelAlias.objects.exists() and page.status_code == 200
    page = client.post(reverse("training:model-alias", args=[model.pk]), {"name": "no good"}, follow=True)
    assert "cannot be an alias" in page.content.decode()


@pytest.mark.parametrize("action", ["alias", "describe"])
def test_curating_is_a_post_on_a_model_one_may_see(client, visitor, model, action):
    address = reverse(f"training:model-{action}", args=[model.pk])
    assert client.get(address).status_code == 405
    assert client.post(reverse(f"training:model-{action}", args=[999])).status_code == 404
    assert "sign-in" in visitor.post(address).url


def test_the_list_is_narrowed_by_what_is_known_of_models(client, model, other):
    move_alias(model, "production"), set_tags(model, ["café"]), set_stage(other, "retired")

    def shown(**query):
        page = client.get(reverse("training:model-list"), query).content.decode()
        return [name for name in ("my droids", "other droids") if f">{name}</a>" in page]

    assert shown() == ["my droids", "other droids"]
    assert shown(alias="production") == shown(tag="café") == shown(text="MY") == ["my droids"]
    assert shown(stage="retired") == ["other droids"]
    assert shown(dataset="nowhere") == [] and shown(tag="caf") == []
    assert shown(order="nonsense", stage="x") == ["my droids", "other droids"]


def test_lineage_leads_from_a_box_to_the_models_that_learnt_it(client, model, alice, capsys):
    """A box that was moved since, or drawn since, is none of those the model saw."""
    dataset = model.run.version.dataset
    learnt = next(image.id for image in model.run.version.manifest().images if image.split == "train")
    image = dataset.images.get(pk=learnt)
    box, new = image.boxes.get(), make_box(image, x1=1, y1=1, x2=5, y2=6)
    unseen, seen = boxes_uses_of(image, alice)
    assert (seen.box, seen.learnt_by, [use.version for use in seen.same]) == (box, [model], [model.run.version])
    assert (unseen.box, unseen.learnt_by, unseen.same) == (new, [], [])
    rows = client.get(f"/api/v1/training/images/{image.pk}/boxes/uses").json()["items"]
    assert [row["class_name"] for row in rows] == ["BB-8", "BB-8"] and rows[0]["versions"] == []
    assert rows[1]["learnt_by"] == [model.pk]
    call_command("lineage", "image", str(image.pk), "--json")
    assert json.loads(capsys.readouterr().out)["boxes"][1]["versions"][0]["split"] == "train"
    page = client.get(reverse("training:image-uses", args=[image.pk])).content.decode()
    assert "Learnt by" in page and "no version: new or changed since" in page
    type(box).objects.filter(pk=box.pk).update(x1=box.x1 + 1)
    assert [row.same for row in boxes_uses_of(image, alice)] == [[], []]


def test_lineage_of_a_model_on_the_command_line(model, capsys):
    call_command("lineage", "model", model.name, "--json")
    assert json.loads(capsys.readouterr().out)["runs"][0]["run"] == model.run_id
    with pytest.raises(CommandError, match="no photo x"):
        call_command("lineage", "image", "x")


def test_the_card_is_a_file(client, model):
    address = reverse("training:model-card", args=[model.pk])
    answer = client.get(address)
    assert answer["Content-Disposition"] == 'attachment; filename="my-droids-card.md"'
    assert client.get(address, {"format": "json"}).json()["name"] == "my droids"


def test_a_photos_page_shows_what_came_of_it(client, model):
    image = model.run.version.dataset.images.first()
    assert "my droids" in client.get(reverse("training:image-uses", args=[image.pk])).content.decode()
    assert client.get(reverse("training:image-uses", args=[999])).status_code == 404


def test_the_api_curates(client, model):
    url = f"/api/v1/training/models/{model.pk}"
    assert client.put(f"{url}/aliases/production").json()["aliases"] == ["production"]
    answer = client.patch(
        f"{url}/description", {"tags": ["night"], "stage": "checked"}, content_type="application/json"
    ).json()
    assert (answer["tags"], answer["stage"], answer["note"]) == (["night"], "checked", "")
    assert [one["kind"] for one in client.get(f"{url}/history").json()["items"]] == ["alias", "stage", "tags"]
    assert client.get(f"{url}/card").json()["aliases"] == ["production"]
    assert client.get(f"{url}/lineage").json()["runs"][0]["run"] == model.run_id
    image = model.run.version.dataset.images.first()
    assert client.get(f"/api/v1/training/images/{image.pk}/uses").json()["items"][0]["models"] == [model.pk]
    assert client.delete(f"{url}/aliases/production").json()["aliases"] == []
    assert client.delete(f"{url}/aliases/production").status_code == 404
    found = client.get("/api/v1/training/models", {"tag": "night"}).json()["items"]
    assert [one["id"] for one in found] == [model.pk]


def said(*arguments):
    out = StringIO()
    call_command(*arguments, "--json", stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])


def test_the_command_line_promotes_and_lists(model):
    slug = model.run.version.dataset.slug
    answer = said("promote", "my droids", "production", "--tags", "night,small", "--stage", "checked")
    assert answer == {
        "model": "my droids",
        "aliases": ["production"],
        "stage": "checked",
        "tags": ["night", "small"],
    }
    assert [one["name"] for one in said("models", "--alias", "production")["models"]] == ["my droids"]
    assert said("models", f"{slug}@production")["card"]["tags"] == ["night", "small"]
    assert said("promote", f"{slug}@production", "production", "--remove")["aliases"] == []
    with pytest.raises(CommandError, match="There is no model"):
        said("models", f"{slug}@production")
