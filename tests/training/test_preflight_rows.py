"""Broken versions, settings and starts, each refused, mended or named as the check before a run promises."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from PIL import Image as Picture

from datasets.versions.manifest import Manifest, ManifestBox, ManifestImage, write_manifest
from tests.factories import make_dataset, make_image, picture_bytes
from training.bases import Base
from training.config import TrainingSettings
from training.engine.dataset import Dataset
from training.preflight import preflight
from training.preparation import dataset_json

SETTINGS = TrainingSettings(steps=2000)
BOX = ManifestBox(1, 20, 30, 120, 150)
CLASSES = {1: "BB-8", 2: "R2-D2"}
pytestmark = pytest.mark.django_db


def sound() -> Manifest:
    """Two classes on six images, with boxes of a good size in train and val."""
    dataset = make_dataset()
    rows = []
    for place in range(6):
        image = make_image(dataset)
        boxes = tuple(replace(BOX, class_id=number, x1=20 + 200 * number - 200, x2=120 + 150 * number - 150)
                      for number in CLASSES)  # fmt: skip
        split = ("train", "train", "train", "val", "val", "test")[place]
        rows.append(ManifestImage(image.pk, image.file, image.file_name, image.sha256, 400, 300, split, boxes))
    return Manifest(dict(CLASSES), tuple(rows))


def changed(manifest: Manifest, place: int = 0, **values) -> Manifest:
    images = list(manifest.images)
    images[place] = replace(images[place], **values)
    return replace(manifest, images=tuple(images))


def with_box(box: ManifestBox):
    """A breaker that puts one more box on the first training image."""
    return lambda manifest: changed(manifest, boxes=(*manifest.images[0].boxes, box))


def with_file(data: bytes):
    """A breaker that gives the first training image another file."""

    def breaker(manifest: Manifest) -> Manifest:
        return changed(manifest, file=default_storage.save("broken/file.jpg", ContentFile(data)))

    return breaker


def with_classes(names: dict[int, str]):
    return lambda manifest: replace(manifest, classes=names)


def without_boxes(split: str, class_id: int | None = None):
    """A breaker that takes a split's boxes away, all or those of one class."""

    def breaker(manifest: Manifest) -> Manifest:
        for place, image in enumerate(manifest.images):
            if image.split == split:
                kept = tuple(box for box in image.boxes if class_id is not None and box.class_id != class_id)
                manifest = changed(manifest, place, boxes=kept)
        return manifest

    return breaker


def all_in(old: str, new: str):
    def breaker(manifest: Manifest) -> Manifest:
        images = tuple(replace(i, split=new) if i.split == old else i for i in manifest.images)
        return replace(manifest, images=images)

    return breaker


def shrunk(manifest: Manifest) -> Manifest:
    images = tuple(
        replace(i, boxes=tuple(replace(b, x2=b.x1 + 9, y2=b.y1 + 9) for b in i.boxes)) for i in manifest.images
    )
    return replace(manifest, images=images)


def encoded(picture: Picture.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def turned() -> bytes:
    exif = Picture.Exif()
    exif[0x0112] = 6
    return encoded(Picture.new("RGB", (300, 400)), "JPEG", exif=exif)


def same(manifest: Manifest) -> Manifest:
    return manifest


def copy_to(place: int):
    return lambda manifest: changed(manifest, place, sha256=manifest.images[0].sha256)


#: (name, what is broken, level, code)
VERSIONS = [
    ("file missing", lambda m: changed(m, file="images/gone.jpg"), "block", "missing_files"),
    ("file empty", with_file(b""), "block", "unreadable_files"),
    ("file is a text", with_file(b"<html>not found</html>"), "block", "unreadable_files"),
    ("file cut off", with_file(picture_bytes()[:2000]), "block", "unreadable_files"),
    ("file of another size", with_file(picture_bytes(300, 400)), "block", "size_differs"),
    ("file turned by EXIF", with_file(turned()), "fix", "images_converted"),
    ("CMYK", with_file(encoded(Picture.new("CMYK", (400, 300)), "JPEG")), "fix", "images_converted"),
    ("transparent PNG", with_file(encoded(Picture.new("RGBA", (400, 300)), "PNG")), "fix", "images_converted"),
    ("16-bit PNG", with_file(encoded(Picture.new("I;16", (400, 300)), "PNG")), "fix", "images_converted"),
    ("copy in another split", copy_to(3), "block", "copies_across_splits"),
    ("copy in the same split", copy_to(1), "warn", "copies"),
    ("a file name twice", lambda m: changed(m, 1, file_name=m.images[0].file_name), "warn", "names_repeated"),
    ("box inside out", with_box(replace(BOX, x1=150, x2=100)), "block", "box_without_area"),
    ("box of no height", with_box(replace(BOX, y1=80, y2=80)), "block", "box_without_area"),
    ("box that is no number", with_box(replace(BOX, x2=float("nan"))), "block", "box_not_a_number"),
    ("box over the edge", with_box(replace(BOX, x1=300, x2=450)), "fix", "box_clipped"),
    ("box outside", with_box(replace(BOX, x1=500, x2=600)), "fix", "box_left_out"),
    ("box under a pixel", with_box(replace(BOX, x1=300, x2=300.5)), "warn", "box_under_a_pixel"),
    ("boxes too small", shrunk, "warn", "small_objects"),
    ("two classes on one box", with_box(replace(BOX, class_id=2)), "warn", "two_classes_on_one_box"),
    ("one box twice", with_box(BOX), "warn", "box_twice"),
    ("more boxes than detections",
     lambda m: changed(m, boxes=tuple(replace(BOX, x1=n, x2=n + 100) for n in range(120))), "fix", "many_boxes"),
    ("box of an unknown class", with_box(replace(BOX, class_id=7)), "block", "class_unknown"),
    ("no classes", with_classes({}), "block", "no_classes"),
    ("class number 0", with_classes({0: "background", **CLASSES}), "block", "class_zero"),
    ("gap in the class numbers", with_classes({**CLASSES, 5: "C-3PO"}), "fix", "class_numbers_closed"),
    ("class without a name", with_classes({1: "BB-8", 2: " "}), "block", "class_without_name"),
    ("class name twice", with_classes({1: "BB-8", 2: "BB-8"}), "block", "class_name_twice"),
    ("case variant of a class", with_classes({1: "BB-8", 2: "bb 8 "}), "warn", "class_variants"),
    ("class only in val", without_boxes("train", 2), "block", "class_only_in_val"),
    ("class with few boxes", same, "warn", "class_with_few_boxes"),
    ("class with few val boxes", same, "warn", "class_with_few_val_boxes"),
    ("class without boxes", with_classes({**CLASSES, 3: "C-3PO"}), "warn", "class_without_boxes"),
    ("nothing to learn from", all_in("train", "test"), "block", "no_train_boxes"),
    ("nothing to measure on", all_in("val", "test"), "block", "no_val_boxes"),
    ("val without boxes", without_boxes("val"), "block", "no_val_boxes"),
    ("unknown split", lambda m: changed(m, split="holdout"), "block", "split_unknown"),
]  # fmt: skip

#: (name, settings, level, code)
CONFIGS = [
    ("rate of a batch of 512", {"learning_rate": 0.8}, "warn", "learning_rate_high"),
    ("rate near nothing", {"learning_rate": 1e-5}, "warn", "learning_rate_low"),
    ("batch of one from nothing", {"batch_size": 1}, "warn", "batch_small"),
    ("batch larger than the set", {"batch_size": 64}, "warn", "batch_larger_than_set"),
    ("too short to be measured often", {"steps": 100}, "warn", "few_evaluations"),
    ("nothing to keep at first", {"freeze": "backbone"}, "block", "nothing_to_freeze"),
]


def frozen(manifest: Manifest):
    used = {box.class_id for image in manifest.images for box in image.boxes}
    counts = manifest.counts() if used <= set(manifest.classes) else {}
    name, digest = write_manifest(manifest)
    return make_dataset().versions.create(
        number=1, fractions=[1, 0, 0], counts=counts, content_hash=digest, manifest_file=name
    )


def codes(findings, level):
    return {finding.code for finding in findings if finding.level == level}


def test_a_sound_version_is_neither_refused_nor_mended():
    findings = preflight(frozen(sound()), SETTINGS, decode=True)
    assert not codes(findings, "block") | codes(findings, "fix")


@pytest.mark.parametrize(("breaker", "level", "code"), [row[1:] for row in VERSIONS], ids=[row[0] for row in VERSIONS])
def test_a_broken_version(breaker, level, code):
    manifest = breaker(sound())
    findings = preflight(frozen(manifest), SETTINGS, decode=True)
    assert code in codes(findings, level)
    if level == "fix":
        assert not codes(findings, "block")
        Dataset.from_json(dataset_json(manifest))


@pytest.mark.parametrize(("chosen", "level", "code"), [row[1:] for row in CONFIGS], ids=[row[0] for row in CONFIGS])
def test_a_setting_that_spoils_a_run(chosen, level, code):
    assert code in codes(preflight(frozen(sound()), replace(SETTINGS, **chosen)), level)


def test_sides_are_not_mirrored_without_a_word():
    version = frozen(replace(sound(), classes={1: "left hand", 2: "right hand"}))
    assert "mirrored_sides" in codes(preflight(version, SETTINGS), "warn")
    assert "mirrored_sides" not in codes(preflight(version, replace(SETTINGS, horizontal_flip=False)), "warn")


def test_a_small_batch_that_starts_from_a_detector_keeps_its_means(tmp_path):
    for part in ("index", "data-00000-of-00001"):
        (tmp_path / f"ckpt-5.{part}").touch()
    findings = preflight(frozen(sound()), replace(SETTINGS, batch_size=2), Base("checkpoint", str(tmp_path / "ckpt-5")))
    assert "batch_norm_frozen" in codes(findings, "fix")


@pytest.mark.parametrize(("kept", "warned"), [("backbone", False), ("all_but_heads", True)])
def test_of_a_backbone_nothing_more_is_kept_without_a_word(kept, warned, tmp_path):
    (tmp_path / "net.weights.h5").touch()
    base = Base("backbone", str(tmp_path / "net.weights.h5"))
    findings = preflight(frozen(sound()), replace(SETTINGS, freeze=kept), base)
    assert ("frozen_unlearnt" in codes(findings, "warn")) is warned


def test_a_checkpoint_with_a_part_missing_is_refused(tmp_path):
    (tmp_path / "ckpt-5.index").touch()
    findings = preflight(frozen(sound()), SETTINGS, Base("checkpoint", str(tmp_path / "ckpt-5")))
    assert codes(findings, "block") == {"base_incomplete"}


@pytest.mark.parametrize(("kind", "path"), [("checkpoint", "/gone/ckpt-1"), ("zoo", "/gone/net.tar.gz")])
def test_a_start_that_is_gone_is_refused(kind, path):
    assert codes(preflight(frozen(sound()), SETTINGS, Base(kind, path)), "block") == {"base_missing"}


def test_findings_name_the_images_they_are_about():
    manifest = with_box(replace(BOX, x1=150, x2=100))(sound())
    (finding,) = [f for f in preflight(frozen(manifest), SETTINGS) if f.level == "block"]
    assert finding.images == (manifest.images[0].id,)


def test_without_decoding_only_heads_of_files_are_read():
    cut = with_file(picture_bytes()[:2000])(sound())
    assert "unreadable_files" not in codes(preflight(frozen(cut), SETTINGS), "block")


def test_a_server_without_the_engine_is_refused(monkeypatch):
    monkeypatch.setattr("training.preflight.machine.find_spec", lambda name: None)
    assert "engine_missing" in codes(preflight(frozen(sound()), SETTINGS), "block")


def test_the_command_says_it_in_json_and_fails_when_a_run_would_be_refused(capsys):
    good, bad = frozen(sound()), frozen(with_box(replace(BOX, x1=150, x2=100))(sound()))
    call_command("preflight", good.dataset.slug, "--json")
    assert json.loads(capsys.readouterr().out)["ok"] is True
    with pytest.raises(CommandError, match="1 findings stop it"):
        call_command("preflight", bad.dataset.slug, "--json")
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False and answer["findings"][0]["code"] == "box_without_area"
