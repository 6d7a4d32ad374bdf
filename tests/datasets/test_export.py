"""Exports: what came in goes out; what a format cannot say is counted; nothing half-written."""

import errno
import io
import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from datasets.exporting import writers
from datasets.exporting.export import export_dataset
from datasets.formats.detect import FORMATS
from datasets.formats.voc import read_voc
from datasets.importing.importer import ImportOptions, import_source
from datasets.importing.source import open_source
from datasets.models import Box, DatasetVersion
from datasets.versions.freeze import FROM_FILES, freeze
from datasets.versions.manifest import Manifest, write_manifest
from sw_site.lib.errors import UserError
from tests.factories import make_box, make_dataset, make_image, make_user, picture_bytes
from tests.voc import voc_xml

pytestmark = pytest.mark.django_db
ODD = voc_xml("ü 1.jpg", boxes=[("bb8", 10, 20, 110, 80), ("Füchse & Söhne", 1, 1, 400, 300)], verified=True)
ODD = ODD.replace(b"<name>bb8</name>", b"<name>bb8</name><mood>happy</mood>").replace(b"Unspecified", b"Left", 1)
ODD = ODD.replace("Füchse & Söhne".encode(), "Füchse &amp; Söhne".encode()) + b"<!-- by hand -->\r\n"


@pytest.fixture
def labelled(tmp_path):
    """A set with everything: odd tags, a negative, splits by folders, an unlabelled image."""
    files = {"train/ü 1.jpg": picture_bytes(), "train/ü 1.xml": ODD, "val/b.jpg": picture_bytes()}
    files |= {"val/b.xml": voc_xml("b.jpg", boxes=[]), "val/c.jpg": picture_bytes()}
    for name, data in files.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(data)
    dataset = make_dataset(classes=())
    import_source(dataset, open_source(tmp_path / "in"), ImportOptions({}))
    return dataset


def again(path, dataset_format="auto"):
    dataset = make_dataset(classes=())
    return dataset, import_source(dataset, open_source(path), ImportOptions({}, format=dataset_format))


def state(dataset):
    rows = Box.objects.filter(image__dataset=dataset).order_by("image__file_name", "created_at", "pk")
    return [(b.image.file_name, b.label, b.x1, b.y1, b.x2, b.y2) for b in rows.select_related("image", "label_class")]


def test_an_untouched_voc_set_comes_out_byte_for_byte(labelled, tmp_path):
    result = export_dataset(labelled, "voc", tmp_path / "out")
    assert (tmp_path / "out" / "Annotations" / "ü 1.xml").read_bytes() == ODD
    assert (tmp_path / "out" / "Annotations" / "b.xml").read_bytes() == voc_xml("b.jpg", boxes=[])
    assert (result["images"], result["boxes"], result["unlabelled_left_out"], result["lost"]) == (2, 2, 1, {})
    assert (tmp_path / "out/ImageSets/Main/train.txt").read_text() == "ü 1\n"


def test_an_edited_file_keeps_every_field_that_was_not_edited(labelled, tmp_path):
    box = Box.objects.get(x1=10)
    Box.objects.filter(pk=box.pk).update(x1=33)
    export_dataset(labelled, "voc", tmp_path / "out")
    record = read_voc((tmp_path / "out" / "Annotations" / "ü 1.xml").read_bytes())
    first, second = record.boxes
    assert (first.x1, first.tags, first.pose, record.verified) == (33, (("mood", "happy"),), "Left", True)
    assert second.name == "Füchse & Söhne" and dict(record.tags)["path"] == "C:\\x\\ü 1.jpg"


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_comes_back_with_the_same_boxes_and_splits(labelled, tmp_path, kind):
    export_dataset(labelled, kind, tmp_path / "out.zip", images=True)
    dataset, report = again(tmp_path / "out.zip", kind)
    assert state(dataset) == state(labelled)
    assert [p.code for p in report.problems if p.code != "image_without_annotation"] == []
    if kind not in ("yolo", "pets"):
        assert dict(dataset.images.values_list("file_name", "split"))["ü 1.jpg"] == "train"
    if kind not in ("csv",):
        assert dataset.images.get(file_name="b.jpg").negative


def test_what_a_format_has_no_place_for_is_counted(labelled, tmp_path):
    assert export_dataset(labelled, "csv", tmp_path / "out")["lost"] == {
        "negative": 1,
        "pose": 1,
        "tags": 1,
        "verified": 1,
    }


def test_a_version_comes_out_as_it_was_frozen(labelled, tmp_path):
    version = freeze(labelled, FROM_FILES)
    assert [version.counts[split]["images"] for split in ("train", "val", "test")] == [1, 1, 0]
    Box.objects.filter(x1=10).update(x1=77)
    export_dataset(labelled, "voc", tmp_path / "out", version)
    assert (tmp_path / "out" / "Annotations" / "ü 1.xml").read_bytes() == ODD
    export_dataset(labelled, "coco", tmp_path / "coco", version)
    rows = json.loads((tmp_path / "coco/annotations/instances_train.json").read_text())["annotations"]
    assert sorted(row["bbox"] for row in rows) == [[1, 1, 399, 299], [10, 20, 100, 60]]


def poses_and_tags(folder):
    boxes = read_voc((folder / "Annotations" / "ü 1.xml").read_bytes()).boxes
    return [(box.pose, box.tags) for box in boxes]


def test_a_version_keeps_pose_and_tags_when_its_boxes_and_files_are_gone(labelled, tmp_path):
    version = freeze(labelled, FROM_FILES)
    labelled.images.all().delete()
    export_dataset(labelled, "voc", tmp_path / "out", version, originals=True)
    assert poses_and_tags(tmp_path / "out") == [("Left", (("mood", "happy"),)), ("", ())]
    assert read_voc((tmp_path / "out" / "Annotations" / "ü 1.xml").read_bytes()) == read_voc(ODD)
    picture = tmp_path / "out" / "JPEGImages" / "ü 1.jpg"
    assert picture.read_bytes() == (tmp_path / "in" / "train" / "ü 1.jpg").read_bytes()


@pytest.mark.parametrize("images_are_there", [True, False])
def test_a_version_frozen_before_rows_were_kept_takes_them_from_the_images(labelled, tmp_path, images_are_there):
    version = freeze(labelled, FROM_FILES)
    now = version.manifest()
    lacking = [replace(image, original="", folder="", verified=False, tags=()) for image in now.images]
    version.manifest_file, version.content_hash = write_manifest(Manifest(now.classes, tuple(lacking), format=2))
    if not images_are_there:
        labelled.images.all().delete()
    export_dataset(labelled, "voc", tmp_path / "out", version, originals=True)
    record = read_voc((tmp_path / "out" / "Annotations" / "ü 1.xml").read_bytes())
    assert record.boxes == read_voc(ODD).boxes and record.verified == images_are_there
    assert (tmp_path / "out" / "JPEGImages" / "ü 1.jpg").exists()


def test_a_version_frozen_before_they_were_kept_takes_them_from_the_files_that_came(labelled, tmp_path):
    version = freeze(labelled, FROM_FILES)
    now = version.manifest()
    bare = [replace(image, boxes=tuple(replace(b, pose="", tags=()) for b in image.boxes)) for image in now.images]
    version.manifest_file, version.content_hash = write_manifest(Manifest(now.classes, tuple(bare), format=1))
    version.save(update_fields=["manifest_file", "content_hash"])
    labelled.images.update(verified=False)  # so that the file does not go out as it came
    export_dataset(labelled, "voc", tmp_path / "out", version)
    assert poses_and_tags(tmp_path / "out") == [("Left", (("mood", "happy"),)), ("", ())]


def test_splits_of_files_must_be_there():
    dataset = make_dataset()
    make_box(make_image(dataset))
    with pytest.raises(UserError, match="came with a split"):
        freeze(dataset, FROM_FILES)
    assert not DatasetVersion.objects.exists()


def test_images_of_one_name_get_labels_of_their_own(tmp_path):
    dataset = make_dataset()
    images = [make_image(dataset, file_name="1.jpg", folder=folder) for folder in "ab"]
    for image in images:
        make_box(image)
    export_dataset(dataset, "yolo", tmp_path / "out", images=True)
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    other = f"1-{images[1].pk}"
    assert names == sorted(["1.jpg", "1.txt", f"{other}.jpg", f"{other}.txt", "classes.txt"])


def test_a_failed_export_leaves_nothing(labelled, tmp_path, monkeypatch):
    monkeypatch.setitem(writers.WRITERS, "voc", lambda job: (job.sink.add("a", b""), 1 / 0))
    for name in ("out", "out.zip"):
        with pytest.raises(ZeroDivisionError):
            export_dataset(labelled, "voc", tmp_path / name)
    assert {p.name for p in tmp_path.iterdir()} - {"site"} == {"in"}


@pytest.mark.parametrize("kernel", [True, False])
def test_exported_pictures_are_files_of_their_own(labelled, tmp_path, monkeypatch, kernel):
    if not kernel:
        monkeypatch.setattr(os, "copy_file_range", Mock(side_effect=OSError(errno.EXDEV, "Invalid cross-device link")))
    export_dataset(labelled, "voc", tmp_path / "out", images=True)
    written = tmp_path / "out" / "JPEGImages" / "ü 1.jpg"
    kept = Path(default_storage.path(labelled.images.get(file_name="ü 1.jpg").file))
    assert written.read_bytes() == kept.read_bytes()
    written.write_bytes(b"edited")
    assert kept.read_bytes() != b"edited"


def test_a_folder_with_something_in_it_is_left_alone(labelled, tmp_path):
    with pytest.raises(UserError, match="not empty"):
        export_dataset(labelled, "voc", tmp_path / "in")
    with pytest.raises(UserError, match="nothing to export"):
        export_dataset(make_dataset(), "voc", tmp_path / "none")


def test_the_command_says_its_documented_keys(labelled, tmp_path, capsys):
    call_command("export_dataset", labelled.name, "--format", "yolo", "--output", str(tmp_path / "o.zip"), "--json")
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (result["format"], result["images"], result["lost"]["pose"]) == ("yolo", 2, 1)
    with pytest.raises(CommandError, match="no version 7"):
        call_command("export_dataset", labelled.name, "--format", "voc", "--version", "7", "--output", "x")


def test_the_page_makes_a_zip_that_can_be_downloaded(labelled, client):
    client.force_login(make_user())
    page = client.get(f"/datasets/sets/{labelled.slug}/export/")
    assert page.status_code == 200 and "2 labelled images" in page.content.decode()
    done = client.post(f"/datasets/sets/{labelled.slug}/export/", {"format": "coco"}, follow=True)
    assert done.status_code == 200
    from sw_site.jobs.models import Job
    from sw_site.jobs.queue import run_here

    job = Job.objects.get(kind="dataset_export")
    job = run_here(job) if job.is_active else job
    assert job.state == "succeeded", job.error
    response = client.get(f"/datasets/sets/{labelled.slug}/export/{job.pk}/")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    assert "annotations/instances_train.json" in archive.namelist()
    assert "Download" in client.get(job.get_absolute_url()).content.decode()


def test_the_api_exports_and_gives_back_files_as_they_came(labelled, client):
    client.force_login(make_user())
    answer = client.post(
        f"/api/v1/datasets/{labelled.slug}/exports", {"format": "voc"}, content_type="application/json"
    )
    assert answer.status_code == 202 and answer.json()["url"].endswith("/")
    image = labelled.images.get(file_name="ü 1.jpg")
    (source,) = client.get(f"/api/v1/datasets/images/{image.pk}/sources").json()["items"]
    got = client.get(f"/api/v1/datasets/images/{image.pk}/sources/{source['id']}")
    assert b"".join(got.streaming_content) == ODD
    assert client.get(f"/api/v1/datasets/images/{image.pk}/original").status_code == 200
    assert client.get(f"/datasets/images/{image.pk}/sources/").status_code == 200
    assert client.get(f"/datasets/sets/{labelled.slug}/kept/").status_code == 200
