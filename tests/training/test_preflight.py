"""What stops a run before it starts, and what is only worth knowing."""

from __future__ import annotations

from collections import namedtuple

import pytest

from datasets.versions.manifest import Manifest, ManifestBox, ManifestImage, write_manifest
from sw_site.lib.errors import UserError
from tests.factories import make_dataset, make_image, make_model, make_run, make_version
from training.bases import HDF5_SIGNATURE, Base
from training.config import TrainingSettings
from training.preflight import preflight, refuse_if_blocked

SETTINGS = TrainingSettings(steps=20)
BOX = ManifestBox(1, 20, 30, 120, 150)


def frozen(*rows):
    """A version of images given as (split, boxes)."""
    dataset = make_dataset()
    images = []
    for split, boxes in rows:
        image = make_image(dataset)
        images.append(ManifestImage(image.pk, image.file, image.file_name, image.sha256, 400, 300, split, tuple(boxes)))
    manifest = Manifest({c.number: c.name for c in dataset.classes.all()}, tuple(images))
    name, digest = write_manifest(manifest)
    return dataset.versions.create(
        number=1, fractions=[1, 0, 0], counts=manifest.counts(), content_hash=digest, manifest_file=name
    )


def codes(findings, level):
    return [finding.code for finding in findings if finding.level == level]


def test_a_usable_version_is_not_blocked(version):
    findings = preflight(version, SETTINGS)
    assert codes(findings, "block") == []
    assert "class_with_few_boxes" in codes(findings, "warn")
    refuse_if_blocked(findings)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "code", "words"),
    [
        ([("val", [BOX])], "no_train_boxes", "no training images"),
        ([("train", []), ("val", [BOX])], "no_train_boxes", "no boxes on its training images"),
        ([("train", [BOX])], "no_val_boxes", "no validation images"),
        ([("train", [BOX]), ("val", [])], "no_val_boxes", "no boxes on its validation images"),
    ],
)
def test_a_split_with_nothing_in_it_blocks(rows, code, words):
    findings = preflight(frozen(*rows), SETTINGS)
    assert codes(findings, "block") == [code]
    with pytest.raises(UserError, match=words) as refused:
        refuse_if_blocked(findings)
    assert refused.value.code == code


@pytest.mark.django_db
def test_a_class_without_training_boxes_is_worth_knowing():
    findings = preflight(frozen(("train", [BOX]), ("val", [BOX])), SETTINGS)
    assert any(f.code == "class_without_boxes" and "R2-D2" in f.message for f in findings)


@pytest.mark.django_db
def test_small_objects_are_worth_knowing():
    tiny = ManifestBox(1, 10, 10, 14, 14)
    assert "small_objects" in codes(preflight(frozen(("train", [tiny]), ("val", [BOX])), SETTINGS), "warn")


def test_missing_files_block(version):
    image = version.manifest().split("train")[0]
    image.path.unlink()
    findings = preflight(version, SETTINGS)
    assert codes(findings, "block") == ["missing_files"]
    assert image.file_name in findings[0].message


def test_an_unreadable_version_blocks(version):
    version.content_hash = "0" * 64
    assert codes(preflight(version, SETTINGS), "block") == ["version_unreadable"]


def test_a_full_disk_blocks(version, monkeypatch):
    usage = namedtuple("usage", "total used free")(10, 10, 0)
    monkeypatch.setattr("training.preflight.machine.shutil.disk_usage", lambda path: usage)
    assert codes(preflight(version, SETTINGS), "block") == ["disk_full"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("weights.bin", b"x", "base_not_weights"),
        ("gone.weights.h5", None, "base_missing"),
        ("text.weights.h5", b"not hdf5", "base_not_weights"),
        ("good.weights.h5", HDF5_SIGNATURE + b"...", None),
    ],
)
def test_a_backbone_has_to_be_an_hdf5_file(version, tmp_path, name, content, code):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert codes(preflight(version, SETTINGS, Base("backbone", str(path))), "block") == ([code] if code else [])


def test_a_checkpoint_that_is_gone_blocks(version, tmp_path):
    findings = preflight(version, SETTINGS, Base("checkpoint", str(tmp_path / "ckpt-5")))
    assert codes(findings, "block") == ["base_missing"]


def test_a_model_of_another_width_blocks(version, tmp_path):
    for part in ("index", "data-00000-of-00001"):
        (tmp_path / f"ckpt-5.{part}").touch()
    model = make_model(make_run(make_version(), config={"model": {"depth_multiplier": 0.5}}))
    base = Base("checkpoint", str(tmp_path / "ckpt-5"), model=model)
    findings = preflight(version, SETTINGS, base)
    assert codes(findings, "block") == ["base_other_depth"]
    assert "Set it to 0.5" in findings[0].message
