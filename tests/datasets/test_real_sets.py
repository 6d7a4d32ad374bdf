"""Public datasets with all their oddities, imported with counts asserted. Skipped where they are not on the machine."""

from __future__ import annotations

from collections import Counter

import pytest

from datasets.exporting.export import export_dataset
from datasets.formats import csv_tf
from datasets.formats.records import Context
from datasets.importing.importer import ImportOptions, import_source
from datasets.importing.preview import preview
from datasets.importing.source import open_source
from datasets.models import Box
from datasets.versions.freeze import FROM_FILES, freeze
from tests.factories import make_dataset
from tests.sample_data import sample_data

pytestmark = pytest.mark.django_db


def run(folder, **options):
    dataset = make_dataset(classes=())
    return dataset, import_source(dataset, open_source(folder), ImportOptions({}, **options))


def codes(report):
    return Counter(problem.code for problem in report.problems)


def box_rows(dataset):
    rows = Box.objects.filter(image__dataset=dataset).select_related("image", "label_class")
    return Counter((b.image.file_name, b.label, b.x1, b.y1, b.x2, b.y2) for b in rows)


def test_the_tutorials_photos_with_their_pets_list(tmp_path):
    folder = sample_data("star_wars")
    found = preview(None, folder, ImportOptions({}))
    targets = {row["name"]: row["target"] for row in found.class_names}
    assert targets == {"bb8": "BB-8", "r2d2": "R2-D2", "r2-d2": "R2-D2"}
    dataset, report = run(folder)
    assert (report.format, report.boxes_added, report.splits) == ("pets", 203, {"train": 202})
    assert dataset.images.filter(split="", state="unlabelled").count() == 7  # those in no list
    export_dataset(dataset, "voc", tmp_path / "out")
    same = [
        file.name
        for file in (folder / "annotations" / "xmls").iterdir()
        if (out := tmp_path / "out" / "Annotations" / file.name).exists() and out.read_bytes() == file.read_bytes()
    ]
    assert len(same) == 201  # the two of the doubled photo are one now


def test_a_record_written_by_tensorflow_says_what_its_csv_says():
    folder = sample_data("raccoon") / "data"
    dataset, report = run(folder, format="tfrecord")
    text = (folder / "test_labels.csv").read_bytes()
    wanted = Counter(
        (record.file_name, box.name, box.x1, box.y1, box.x2, box.y2)
        for record, _ in csv_tf.parse(text, "", Context())
        for box in record.boxes
    )
    known = {name for name, *_ in box_rows(dataset)}
    missing = {name for name, *_ in wanted} - known
    assert (report.images_found, report.splits) == (40, {"test": 40}) and report.boxes_added == sum(wanted.values())
    assert Counter({row: n for row, n in wanted.items() if row[0] not in missing}) == Counter(
        {row: n for row, n in box_rows(dataset).items() if row in wanted}
    )


def test_raccoons_by_xml_and_by_csv_are_the_same():
    folder = sample_data("raccoon")
    by_xml, first = run(folder)
    by_csv, second = run(folder, format="csv")
    assert (first.images_added, first.boxes_added) == (196, 217)
    assert codes(first)["duplicate_labels_differ"] == 4  # drawn by another hand on each
    assert codes(first)["other_format"] == 2
    assert box_rows(by_xml) == box_rows(by_csv)


def test_blood_cells_with_their_image_sets():
    dataset, report = run(sample_data("bccd"))
    assert (report.images_added, report.boxes_added) == (364, 4886)
    assert report.splits == {"train": 205, "val": 87, "test": 72}
    assert codes(report) == {"box_zero_size": 2}
    version = freeze(dataset, FROM_FILES)
    assert [version.counts[split]["images"] for split in ("train", "val", "test")] == [205, 87, 72]


def test_animals_with_everything_wrong():
    folder = sample_data("pets_multi")
    dataset, report = run(folder)
    found = codes(report)
    assert (report.images_found, report.images_added, len(report.classes)) == (1478, 1439, 26)
    assert (found["annotation_without_image"], found["image_without_annotation"]) == (1, 3)
    assert dataset.kept_files.filter(code="annotation_without_image").count() == 1
    assert set(report.splits) == {"train", "test"}


def test_photos_on_their_side_with_yolo_lines():
    dataset, report = run(sample_data("exif_labelimg"))
    assert (report.format, report.images_added, report.boxes_added) == ("yolo", 20, 5)
    assert codes(report)["exif_ambiguous"] == 2 and codes(report)["class_without_name"] == 5
    turned = dataset.images.get(file_name="cell0005.jpg")
    box = turned.boxes.get()
    assert (turned.width, turned.height, turned.orientation) == (800, 600, 6)
    assert (round(box.x1), round(box.y1), round(box.x2), round(box.y2)) == (275, 150, 504, 410)
