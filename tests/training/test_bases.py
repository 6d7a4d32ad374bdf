"""What a run may start from, and who may choose what."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sw_site.lib.errors import UserError
from tests.factories import make_model, make_run, make_user, make_version
from training import bases
from training.bases import HDF5_SIGNATURE


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    return settings.DATA_DIR


@pytest.fixture
def operator(db):
    return make_user("operator", is_staff=True)


@pytest.fixture
def model(db):
    run = make_run(make_version(), config={"model": {"depth_multiplier": 0.5, "input_size": 160}})
    model = make_model(run, name="older droids", step=40)
    (run.directory / "best").mkdir()
    (run.directory / "best" / "ckpt-40.index").touch()
    return model


def weights(name="mobilenet.weights.h5", content=HDF5_SIGNATURE + b"rest"):
    return SimpleUploadedFile(name, content)


def test_nothing_is_the_default(alice):
    assert bases.base_for("", alice).to_json() == {"kind": "none"}
    assert bases.base_for("none", alice).label == "nothing"


def test_a_model_is_a_checkpoint_with_its_classes_and_shape(alice, model):
    base = bases.base_for(f"model:{model.pk}", alice)
    assert base.to_json() == {
        "kind": "checkpoint",
        "path": str(model.run.directory / "best" / "ckpt-40"),
        "classes": ["BB-8", "R2-D2"],
    }
    assert base.shape == {"depth_multiplier": 0.5, "input_size": 160}
    assert (f"model:{model.pk}", "Model older droids") in bases.base_choices(alice)


def test_a_kept_backbone_can_be_chosen_by_staff_alone(alice, operator):
    name = bases.save_backbone(weights(), operator)
    assert bases.base_for(f"backbone:{name}", operator).kind == "backbone"
    assert (f"backbone:{name}", f"Backbone {name}") in bases.base_choices(operator)
    assert not any(value.startswith("backbone") for value, _ in bases.base_choices(alice))
    with pytest.raises(UserError, match="nothing called"):
        bases.base_for(f"backbone:{name}", alice)


@pytest.mark.parametrize(
    "reference",
    ["model:999", "model:x", "backbone:../../secret.weights.h5", "backbone:gone.weights.h5", "/etc/passwd", ":"],
)
def test_what_is_not_offered_is_refused(operator, reference):
    with pytest.raises(UserError) as refused:
        bases.base_for(reference, operator)
    assert refused.value.code == "no_such_base"


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (weights("photo.jpg"), "not a Keras weights file"),
        (weights(content=b"text"), "not a Keras weights file"),
        (weights("../../.weights.h5", b""), "not a Keras weights file"),
    ],
)
def test_an_upload_that_is_no_backbone_is_refused_and_not_kept(operator, file, words, data_dir):
    with pytest.raises(UserError, match=words):
        bases.save_backbone(file, operator)
    assert not (data_dir / "backbones").exists()


def test_an_upload_is_kept_whole_under_its_own_name_once(operator, data_dir):
    assert bases.save_backbone(weights("my net.weights.h5"), operator) == "my_net.weights.h5"
    assert [path.name for path in (data_dir / "backbones").iterdir()] == ["my_net.weights.h5"]
    with pytest.raises(UserError, match="already"):
        bases.save_backbone(weights("my net.weights.h5"), operator)


def test_uploading_is_for_staff(alice):
    with pytest.raises(UserError) as refused:
        bases.save_backbone(weights(), alice)
    assert refused.value.status == 403


def test_the_command_line_names_models_by_name_or_number(model):
    for text in ("older droids", str(model.pk), f"m{model.pk}"):
        assert bases.base_from_reference(text).model == model


def test_the_command_line_names_files(tmp_path):
    assert bases.base_from_reference(str(tmp_path / "x.weights.h5")).kind == "backbone"
    run = tmp_path / "run"
    (run / "best").mkdir(parents=True)
    (run / "best" / "ckpt-7.index").touch()
    (run / "dataset.json").write_text(json.dumps({"classes": [{"id": 2, "name": "B"}, {"id": 1, "name": "A"}]}))
    base = bases.base_from_reference(str(run / "best" / "ckpt-7"))
    assert (base.kind, base.classes) == ("checkpoint", ("A", "B"))


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["nobody", "/no/such/ckpt-1", "99"])
def test_a_name_the_command_line_cannot_find_is_a_sentence(text):
    with pytest.raises(UserError, match="neither a model"):
        bases.base_from_reference(text)
