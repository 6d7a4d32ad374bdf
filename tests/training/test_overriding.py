"""Settings of pipeline.config changed by hand: shown, refused with a sentence, kept by the run and by its clones."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from lxml import html

from sw_site.lib.errors import UserError
from tests.training.test_configs import TEXT as OF_2017
from training import control
from training.actions import settings_like, start_run
from training.bases import NOTHING
from training.cloning import answers_like
from training.config import TrainingSettings
from training.configs import keep
from training.mending import TENTH_RATE, mend_for
from training.models import Run
from training.overriding import edited, effective, overrides_of, with_part
from training.preparation import prepare
from training.run_comparison import differences

CLIP = "train_config.gradient_clipping_by_norm"
IOU = "model.ssd.post_processing.batch_non_max_suppression.iou_threshold"
OLD_IOU, NEW_IOU = "iou_threshold: 0.6", "iou_threshold: 0.5"
STEPS = "train_config.data_augmentation_options"


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def config(version):
    return TrainingSettings.for_version(version, steps=100, horizontal_flip=True)


def of(version, config, **overrides):
    return effective(version, replace(config, overrides=overrides), NOTHING)


def changed(version, config, path, value):
    return of(version, config, **{path: value})


def test_without_changes_the_text_is_what_the_site_writes(version, config):
    found = effective(version, config, NOTHING)
    assert found.text == found.derived and found.changes == []
    assert "num_classes: 2" in found.text and "num_steps: 100" in found.text


def test_a_change_is_shown_beside_what_it_replaces(version, config):
    found = changed(version, config, IOU, "0.5")
    (change,) = found.changes
    assert (change.path, change.derived, change.value) == (IOU, "0.6", "0.5")
    assert [line.strip() for kind, line in found.diff if kind == "+"] == ["iou_threshold: 0.5"]


def test_an_edited_text_becomes_the_settings_that_differ(version, config):
    before = effective(version, config, NOTHING).text
    text = before.replace("gradient_clipping_by_norm: 10.0", "gradient_clipping_by_norm: 4.0  # calmer")
    text = text.replace("max_delta: 0.2", "max_delta: 0.1")
    found = edited(version, config, NOTHING, before, text)
    assert found.overrides == {CLIP: "4.0", f"{STEPS}[2].random_adjust_brightness.max_delta": "0.1"}


def test_changes_hold_for_another_batch_and_length(version, config):
    before = effective(version, config, NOTHING).text
    overrides = edited(version, config, NOTHING, before, before.replace("iou_threshold: 0.6", "iou_threshold: 0.4"))
    longer = TrainingSettings.for_version(version, steps=700, batch_size=2, overrides=overrides.overrides)
    found = effective(version, longer, NOTHING)
    assert "num_steps: 700" in found.text and "batch_size: 2" in found.text and "iou_threshold: 0.4" in found.text


def test_a_part_of_a_config_is_put_over_it_and_single_settings_over_that(version, config):
    part = "train_config { gradient_clipping_by_norm: 3 freeze_variables: 'a' }"
    found = with_part(version, replace(config, overrides={CLIP: "2"}), NOTHING, part)
    assert found.overrides == {CLIP: "2", "train_config.freeze_variables": '["a"]'}
    assert "gradient_clipping_by_norm: 2.0" in found.text


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("train_config.optimiser.use_moving_average", "true", "did you mean 'optimizer'"),
        ("train config", "1", "is no path of a setting"),
        (f"{CLIP}.more", "1", "leave out what comes after it"),
        (CLIP, "many", "cannot be many .Couldn't parse float"),
        (CLIP, "5 batch_size: 1", "more than its own value"),
        ("model.ssd.loss", "5", "cannot be 5"),
        (f"{STEPS}.random_crop_image.min_area", "0.5", "say which of it is meant"),
        (f"{STEPS}[9]", "{ random_horizontal_flip { } }", "has 5 elements"),
        ("train_config.batch_size", "4", "chosen in the form .Batch size"),
        ("model.ssd.num_classes", "7", "number of classes of the version"),
        ("model.ssd", "{ num_classes: 2 }", "cannot be changed here"),
        ("model.ssd", "", "cannot be changed here"),
        ("model.ssd.feature_extractor.type", "resnet", "Network, --architecture"),
        ("model.ssd.image_resizer.fixed_shape_resizer.height", "100", "Input size"),
        ("train_config.fine_tune_checkpoint", "/x", "chosen with it"),
        ("train_input_reader.label_map_path", "/x", "reads the records it writes itself"),
        ("eval_config.max_evals", "3", "every evaluation measures all of val"),
        ("train_config.optimizer.momentum_optimizer.learning_rate.cosine_decay_learning_rate.total_steps", "9", "ends"),
        ("train_config.optimizer.momentum_optimizer.learning_rate.cosine_decay_learning_rate.warmup_steps", "100",
         "make it shorter"),
        ("train_config.optimizer.adam_optimizer", "{ learning_rate { cosine_decay_learning_rate { total_steps: 7 } } }",
         "ends after 7 steps"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named_in_a_sentence(version, config, path, value, words):
    with pytest.raises(UserError, match=words) as caught:
        changed(version, config, path, value)
    assert (caught.value.code, "\n" in caught.value.message) == ("bad_override", False)


def test_an_edited_text_that_cannot_be_read_names_its_line(version, config):
    before = effective(version, config, NOTHING).text
    with pytest.raises(UserError, match="did you mean 'gradient_clipping_by_norm'"):
        edited(version, config, NOTHING, before, before.replace("gradient_clipping_by_norm", "gradient_clipping_norm"))


def test_another_optimizer_may_be_written_in(version, config):
    found = changed(
        version, config, "train_config.optimizer.adam_optimizer",
        "{ learning_rate { constant_learning_rate { learning_rate: 0.001 } } }",
    )  # fmt: skip
    assert "adam_optimizer" in found.text and "momentum_optimizer {" not in found.text


def test_a_brought_config_may_be_given_another_input(version):
    brought = TrainingSettings.for_version(version, architecture=keep(OF_2017.encode()).reference, steps=50)
    resizer = {"model.ssd.image_resizer": "{ fixed_shape_resizer { height: 300 width: 300 } }"}
    assert "height: 300" in effective(version, replace(brought, overrides=resizer), NOTHING).text


def test_nothing_is_made_of_a_run_whose_changes_cannot_be(version, config, alice):
    with pytest.raises(UserError, match="did you mean"):
        start_run(version, replace(config, overrides={"train_confi.x": "1"}), user=alice)
    assert not Run.objects.exists()


def test_a_run_keeps_its_changes_and_so_do_its_clones(version, config, alice):
    run = start_run(version, replace(config, overrides={IOU: "0.5"}), user=alice, submit=False)
    assert json.loads((prepare(run) / "run.json").read_text())["overrides"] == {IOU: "0.5"}
    assert settings_like(run).overrides == answers_like(run)["overrides"] == {IOU: "0.5"}
    assert control.extension_of(run, 200, alice).config["overrides"] == {IOU: "0.5"}
    plain = start_run(version, config, user=alice, submit=False)
    assert [row.values for row in differences([run, plain]) if row.name == IOU] == [["0.5", "–"]]


def test_a_rate_written_by_hand_is_not_mended_by_a_setting(version, config, alice):
    rate = "train_config.optimizer.adam_optimizer"
    values = {rate: "{ learning_rate { constant_learning_rate { learning_rate: 0.1 } } }"}
    run = start_run(version, replace(config, overrides=values), user=alice, submit=False)
    run.error_code, run.job.state = "nan_loss", "failed"
    assert mend_for(run) is None
    run.config.pop("overrides")
    assert mend_for(run) is TENTH_RATE


def test_typed_settings():
    assert overrides_of([f"{CLIP}=5", "a.b = { c: 1 }"]) == {CLIP: "5", "a.b": "{ c: 1 }"}
    with pytest.raises(UserError, match="path=value"):
        overrides_of(["clip 5"])


def answers(version, **values):
    return {"version": version.pk, "steps": 100, "horizontal_flip": "on", **values}


def test_the_form_shows_the_text_and_marks_what_is_changed(client, version, config):
    page = client.get(reverse("training:run-create"), {"version": version.pk}).content.decode()
    assert "Show and edit the whole text" in page and "<textarea" not in page
    shown = client.post(reverse("training:config-edit"), answers(version)).content.decode()
    assert "<textarea" in shown and "Nothing in it is changed yet." in shown
    before = effective(version, config, NOTHING).text
    sent = answers(
        version, config_before=before, config_text=before.replace("iou_threshold: 0.6", "iou_threshold: 0.5")
    )
    compared = client.post(reverse("training:config-edit"), sent).content.decode()
    assert f"<code>{IOU}</code>" in compared and "<del>0.6</del>" in compared and "<ins>0.5</ins>" in compared
    reset = client.post(reverse("training:config-edit"), {**sent, "reset": "1"}).content.decode()
    assert "Nothing in it is changed yet." in reset


def test_the_form_names_what_cannot_be_and_keeps_the_text(client, version, config):
    before = effective(version, config, NOTHING).text
    sent = answers(version, config_before=before, config_text=before.replace("num_classes: 2", "num_classes: 9"))
    page = client.post(reverse("training:config-edit"), sent).content.decode()
    assert "number of classes of the version" in page and "num_classes: 9" in page
    response = client.post(reverse("training:run-create"), sent)
    assert response.status_code == 422 and "num_classes: 9" in response.content.decode()
    assert not Run.objects.exists()


def test_a_run_is_started_with_an_edited_text_and_done_again_with_it(client, version, config):
    before = effective(version, config, NOTHING).text
    sent = answers(
        version, config_before=before, config_text=before.replace("iou_threshold: 0.6", "iou_threshold: 0.5")
    )
    client.post(reverse("training:run-create"), {**sent, "name": "calm"})
    run = Run.objects.get()
    assert run.config["overrides"] == {IOU: "0.5"}
    assert IOU in client.get(run.get_absolute_url()).content.decode()
    again = client.get(reverse("training:run-create"), {"again": run.pk}).content.decode()
    assert f"<code>{IOU}</code>" in again and "&quot;0.5&quot;" in again


def press(client, page, words, **typed):
    """The answer to a button of the form, pressed without scripts: all fields go to the button's address."""
    form = html.fromstring(page.content.decode()).get_element_by_id("run-form")
    (button,) = [one for one in form.iter("button") if one.text_content() == words and not one.get("aria-hidden")]
    sent = dict(form.form_values()) | ({button.get("name"): button.get("value")} if button.get("name") else {})
    return client.post(button.get("formaction", form.action).partition("#")[0], sent | typed)


def test_the_whole_config_is_edited_without_scripts(client, version):
    page = client.get(reverse("training:run-create"), {"version": version.pk})
    page = press(client, page, "Show and edit the whole text", name="calm", steps="100")
    form = html.fromstring(page.content.decode()).get_element_by_id("run-form")
    assert form.fields["name"] == "calm" and form.xpath(".//details[@open]//textarea")
    text = form.fields["config_text"].replace(OLD_IOU, NEW_IOU)
    page = press(client, page, "Compare with what the site would write", config_text=text)
    assert f"<code>{IOU}</code>" in page.content.decode()
    assert "Nothing in it is changed yet." in press(client, page, "Take all changes back").content.decode()
    page = press(client, page, "Start training")
    run = Run.objects.get()
    assert page.status_code == 302 and (run.name, run.steps, run.config["overrides"]) == ("calm", 100, {IOU: "0.5"})


def test_without_scripts_a_slip_comes_back_with_the_page_and_the_text(client, version):
    page = press(client, client.get(reverse("training:run-create")), "Show and edit the whole text", steps="100")
    text = html.fromstring(page.content.decode()).get_element_by_id("run-form").fields["config_text"]
    page = press(
        client, page, "Compare with what the site would write", config_text=text.replace(OLD_IOU, "iou_thresold: 0.5")
    )
    assert page.status_code == 422 and not Run.objects.exists()
    assert "did you mean" in page.content.decode() and "iou_thresold: 0.5" in page.content.decode()


def test_with_scripts_only_the_part_with_the_text_is_sent(client, version):
    part = client.post(reverse("training:config-edit"), answers(version), headers={"HX-Request": "true"})
    assert "<textarea" in part.content.decode() and "<main" not in part.content.decode()


@pytest.mark.parametrize("text", ["[1]", "{", '{"a": 1}'])
def test_changes_that_are_no_changes_are_refused(client, version, text):
    response = client.post(reverse("training:run-create"), answers(version, overrides=text))
    assert response.status_code == 422 and not Run.objects.exists()


def test_the_api_shows_checks_and_starts(client, version):
    def post(path, **values):
        return client.post(f"/api/v1/training/{path}", {"version": version.pk, **values}, "application/json")

    shown = post("runs/config", overrides={IOU: "0.5"}).json()
    assert shown["changes"] == [{"path": IOU, "derived": "0.6", "value": "0.5"}]
    text = shown["derived"].replace("iou_threshold: 0.6", "iou_threshold: 0.3")
    assert post("runs/config", before=shown["derived"], text=text).json()["overrides"] == {IOU: "0.3"}
    refused = post("runs/check", overrides={"model.ssd.num_classes": "5"})
    assert refused.status_code == 422 and "number of classes" in refused.json()["error"]["message"]
    assert post("runs", overrides={IOU: "0.5"}).json()["config"]["overrides"] == {IOU: "0.5"}


def test_the_command_line_takes_settings_and_files(version, tmp_path):
    part = tmp_path / "part.config"
    part.write_text(f"train_config {{ {CLIP.split('.')[1]}: 3 }}")
    call_command("train", version.dataset.slug, "--queue", "--set", f"{IOU}=0.5", "--config-overrides", str(part))
    assert Run.objects.get().config["overrides"] == {CLIP: "3.0", IOU: "0.5"}
    with pytest.raises(CommandError, match="did you mean"):
        call_command("train", version.dataset.slug, "--queue", "--set", "train_confi.x=1")
    with pytest.raises(CommandError, match="cannot be read as text"):
        call_command("train", version.dataset.slug, "--queue", "--config-overrides", str(tmp_path / "none"))
    assert Run.objects.count() == 1
