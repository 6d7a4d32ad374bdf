"""Readers on what people really have: their dialects, and files that are not what they claim to be."""

import io
import time

import pytest

from datasets.formats import coco, createml, csv_tf, tfrecord, ultralytics, yolo
from datasets.formats.example_proto import Example, put
from datasets.formats.label_map import read_label_map
from datasets.formats.pets_list import is_pets_list, read_pets_list
from datasets.formats.records import AnnotationRecord, Context, FormatError
from datasets.formats.splits import SplitLists, read_list, split_of_folder, split_of_name


def codes(record: AnnotationRecord) -> list[str]:
    return [problem.code for problem in record.problems]


def test_yolo_lines_blank_lines_and_marks_of_windows():
    record = yolo.read_yolo(b"\xef\xbb\xbf0 0.5 0.5 0.2 0.4\r\n\r\n1 0.1 0.1 0.2 0.2 0.75\r\n", ["a", "b"])
    assert [box.name for box in record.boxes] == ["a", "b"] and record.relative
    assert (record.boxes[0].x1, record.boxes[0].y2, record.boxes[1].score) == (0.4, 0.7, 0.75)


def test_yolo_lines_that_are_none_are_said_and_the_others_stay():
    record = yolo.read_yolo(b"0 0.5 0.5 0.2\n-1 .5 .5 .2 .2\nx y\n0 nan 0 0 0\n0 .5 .5 .2 .2\n", ["a"])
    assert len(record.boxes) == 1 and codes(record) == ["yolo_line"] * 4


def test_yolo_outlines_become_the_box_around_them():
    record = yolo.read_yolo(b"0 0.1 0.2 0.5 0.1 0.3 0.6\n", ["a"])
    assert (record.boxes[0].x1, record.boxes[0].y2) == (0.1, 0.6) and codes(record) == ["outline_to_box"]


def test_a_class_number_without_a_name_is_said_once():
    record = yolo.read_yolo(b"2 .5 .5 .2 .2\n2 .1 .1 .2 .2\n", ["a"])
    assert [box.name for box in record.boxes] == ["class_2"] * 2 and codes(record) == ["class_without_name"]


def test_classes_are_those_of_the_nearest_folder():
    context = Context(names={"a": ("x",), "": ("y",)})
    assert (context.names_for("a/b/1.txt"), context.names_for("c/1.txt")) == (("x",), ("y",))
    assert yolo.read_classes("ä\n\nb\n\n".encode()) == ("ä", "", "b")


def test_data_yaml_with_lists_numbers_and_places():
    found = ultralytics.read_data_yaml(b"train: ../train/images\nval: [valid/images]\nnames: {0: cat, 2: dog}\n")
    assert found.names == ("cat", "", "dog")
    assert found.places == {"train": ["train/images"], "val": ["valid/images"]}
    assert ultralytics.read_data_yaml(b"names: ['a ', b]").names == ("a", "b")


@pytest.mark.parametrize(
    ("read", "data", "code"),
    [
        (lambda d: ultralytics.read_data_yaml(d), b"a: [", "yaml_does_not_parse"),
        (lambda d: ultralytics.read_data_yaml(d), b"a: 1", "yaml_without_names"),
        (lambda d: list(coco.parse(d, "", Context())), b"{", "json_does_not_parse"),
        (lambda d: list(coco.parse(d, "", Context())), b"[]", "json_not_understood"),
        (lambda d: list(createml.parse(d, "", Context())), b"{}", "json_not_understood"),
        (lambda d: list(csv_tf.parse(d, "", Context())), b"a,b\n1,2\n", "csv_columns"),
        (lambda d: list(csv_tf.parse(d, "", Context())), b'"' + b"a" * 140_000, "csv_does_not_parse"),
        (lambda d: ultralytics.read_data_yaml(d), b"names: [a," + b"<" * 1_000_000, "yaml_does_not_parse"),
        (lambda d: list(tfrecord.read_frames(io.BytesIO(d))), b"not a record at all", "record_damaged"),
        (lambda d: tfrecord.read_example(d, {}), b"\xff\xff", "record_not_example"),
    ],
)
def test_what_is_something_else_is_said(read, data, code):
    with pytest.raises(FormatError) as error:
        read(data)
    assert error.value.code == code


def test_records_before_the_damage_are_read():
    good = tfrecord.frame(b"one")
    frames = tfrecord.read_frames(io.BytesIO(good + good[:-3]))
    assert next(frames)[1] == b"one"
    with pytest.raises(FormatError, match=f"byte {len(good)}"):
        next(frames)


def test_a_record_whose_lists_differ_in_length_is_refused():
    example = Example()
    for key in ("xmin", "ymin", "xmax"):
        put(example, f"image/object/bbox/{key}", [0.5])
    with pytest.raises(FormatError) as error:
        tfrecord.read_example(example.SerializeToString(), {})
    assert error.value.code == "record_lists_differ"


def test_coco_of_other_tools_and_its_gaps():
    data = b"""{"images":[{"id":"7","file_name":"d\\\\a.jpg","width":10,"height":10,"license":3}],
      "annotations":[{"image_id":"7","category_id":1,"bbox":[1,2,3,4],"segmentation":[[1,2]]},
      {"image_id":"7","category_id":9,"bbox":[1,2,3,4]},{"image_id":"7","category_id":1,"bbox":null},
      {"image_id":99,"category_id":1,"bbox":[1,2,3,4]}],"categories":[{"id":1,"name":"cat"}]}"""
    (record, _), (rest, _) = coco.parse(data, "a.json", Context())
    assert record.file_name == "d/a.jpg" and record.tags == (("json:license", "3"),)
    assert record.boxes[0].x2 == 4 and dict(record.boxes[0].tags)["json:segmentation"] == "[[1,2]]"
    assert codes(record) == ["box_without_class", "box_without_coordinates"] and codes(rest) == ["coco_unknown_image"]


def test_csv_with_semicolons_short_lines_and_commas_in_numbers():
    data = b"filename;width;height;class;xmin;ymin;xmax;ymax\na.jpg;9;9;cat;1,5;2;3;4\n"
    data += b"a.jpg;9;9;;1;2;3;4\na.jpg;9;9;cat;1\n"
    ((record, content),) = csv_tf.parse(data, "a.csv", Context())
    assert record.boxes[0].x1 == 1.5 and codes(record) == ["box_without_class", "box_without_coordinates"]
    assert content.startswith(b"filename,width")


def test_lists_of_images_in_every_dialect():
    assert read_list("\ufeffa\nb -1\nmy photo 1\n\n# no\nx/c.jpg\n") == ["a", "b -1", "my photo 1", "x/c.jpg"]
    lists = SplitLists({"trainval": ["a", "b 1 1"], "val": ["b 1 1", "my photo 2"], "test": ["x/c.jpg"]})
    names = ("q/a.png", "b.jpg", "my photo 2.jpg", "c.jpg", "d.jpg")
    assert [lists.find(name) for name in names] == ["train", "val", "val", "test", ""]
    assert is_pets_list(b"Abyssinian_1 1 1 1\nb 2 1 2\n") and not is_pets_list(b"a\nb\n")
    assert read_pets_list(b"my cat 3 1 1\n")[0].name == "my cat"


@pytest.mark.parametrize(
    ("path", "folder", "name"),
    [
        ("train/a.jpg", "train", ""),
        ("x/valid/images/a.jpg", "val", ""),
        ("test_images/a.jpg", "", ""),
        ("train_labels.csv", "", "train"),
        ("annotations/instances_val2017.json", "", "val"),
        ("d/train.record-00000-of-00010", "", "train"),
        ("trainval.json", "", ""),
        ("contest.csv", "", ""),
    ],
)
def test_splits_by_names(path, folder, name):
    assert (split_of_folder(path), split_of_name(path)) == (folder, name)


def test_a_label_map_of_any_size_is_answered_soon():
    """A bracket a byte took seconds; names were compared each with each."""
    with pytest.raises(FormatError) as caught:
        read_label_map("{" * 1_000_001)
    assert caught.value.code == "label_map_syntax"
    many = "".join(f"item {{id:{n} name:'{n}'}}" for n in range(1, 20_000))
    began = time.process_time()
    assert len(read_label_map(many)) == 19_999 and time.process_time() - began < 5
