"""Formats found from names and first bytes."""

import pytest

from datasets.formats.detect import detect
from datasets.formats.records import FormatError
from datasets.formats.tfrecord import frame

CSV = b"filename,width,height,class,xmin,ymin,xmax,ymax\n"
SETS = {
    "voc": {"a.jpg": b"", "a.xml": b"<annotation>"},
    "pets": {"images/a.jpg": b"", "annotations/xmls/a.xml": b"", "annotations/trainval.txt": b"a 1 1 1\nb 1 1 1\n"},
    "coco": {"a.jpg": b"", "x.json": b'{"info":{},"images": [{"id":1}]}', "package.json": b'{"name":1}'},
    "createml": {"a.jpg": b"", "x.json": b'[{"image":"a.jpg","annotations":[]}]'},
    "yolo": {"a.jpg": b"", "a.txt": b"0 0.5 0.5 0.1 0.1\n", "classes.txt": b"cat\n", "b.jpg": b"", "b.txt": b""},
    "ultralytics": {"images/a.jpg": b"", "labels/a.txt": b"0 0.5 0.5 0.1 0.1\n", "data.yaml": b"nc: 1\nnames: [a]\n"},
    "csv": {"a.jpg": b"", "train_labels.csv": CSV},
    "tfrecord": {"train.record-00000-of-00002": frame(b"x"), "train.record-00001-of-00002": frame(b"y")},
    "images": {"a.jpg": b"", "README.txt": b"Read me first\n", "a.txt": b"a caption\n"},
}


def found(files: dict[str, bytes], wanted: str = "auto"):
    return detect(list(files), lambda path, length: files[path][:length], wanted)


@pytest.mark.parametrize("name", SETS)
def test_each_format_is_known_by_its_files(name):
    assert found(SETS[name]).format == name


def test_lists_and_layout_of_a_voc_tree():
    files = {"V/Annotations/a.xml": b"", "V/JPEGImages/a.jpg": b"", "V/ImageSets/Main/train.txt": b"a\n"}
    files |= {"V/ImageSets/Main/cat_train.txt": b"a  1\n"}
    detected = found(files)
    assert detected.lists == {"train": ("V/ImageSets/Main/train.txt",)} and "ImageSets" in detected.layout


def test_what_else_is_there_is_named_and_can_be_asked_for():
    files = {**SETS["voc"], **SETS["csv"]}
    assert found(files).also == {"csv": ("train_labels.csv",)}
    assert found(files, "csv").format == "csv"


def test_a_stray_xml_among_yolo_files_does_not_decide():
    files = {f"{n}.txt": b"0 0.5 0.5 0.1 0.1" for n in range(9)} | {f"{n}.jpg": b"" for n in range(9)}
    assert found({**files, "1.xml": b"<annotation>"}).format == "yolo"


def test_a_format_that_is_not_there_is_said():
    with pytest.raises(FormatError, match="no file of COCO"):
        found(SETS["voc"], "coco")


def test_an_empty_file_among_labels_is_a_label_even_without_its_image():
    files = {
        "l/a.txt": b"0 0.5 0.5 0.1 0.1\n",
        "l/b.txt": b"",
        "l/train.txt": b"",
        "c.txt": b"",
        "l/classes.txt": b"c\n",
    }
    assert set(found(files).files) == {"l/a.txt", "l/b.txt"}
