"""One file for each defect: its code, its rule, and what becomes of the boxes. And the table has no gaps."""

from __future__ import annotations

import ast
import io
import re
import unicodedata
import zipfile
from pathlib import Path

import pytest
from PIL import Image as Pillow

from datasets.formats import voc
from datasets.formats.defects import ASIDE, DEFECTS, grouped
from datasets.formats.example_proto import Example, put
from datasets.formats.records import Problem
from datasets.formats.tfrecord import frame
from datasets.importing import source
from datasets.importing.importer import ImportOptions, import_source
from datasets.importing.source import open_source
from datasets.models import Box, KeptFile
from tests.factories import make_dataset, picture_bytes
from tests.voc import voc_xml

pytestmark = pytest.mark.django_db
JPEG = picture_bytes()
BOX = ("c", 10, 20, 110, 80)


def encoded(mode: str, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    Pillow.new(mode, (400, 300)).save(buffer, kind, **options)
    return buffer.getvalue()


def turned(orientation: int) -> bytes:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    return encoded("RGB", "JPEG", exif=exif)


def xml(*boxes, **options) -> bytes:
    return voc_xml("a.jpg", boxes=list(boxes) or [BOX], **options)


def uneven_record() -> bytes:
    example = Example()
    put(example, "image/filename", ["b.jpg"])
    put(example, "image/object/bbox/xmin", [0.1, 0.2])
    put(example, "image/object/bbox/ymin", [0.1])
    return example.SerializeToString()


CSV = b"filename,width,height,class,xmin,ymin,xmax,ymax\n"
NFC, NFD = (unicodedata.normalize(form, "é.jpg") for form in ("NFC", "NFD"))

#: code -> (files, boxes that are on images afterwards)
CORPUS: dict[str, tuple[dict[str, bytes], int]] = {
    "image_does_not_decode": ({"a.jpg": b"no picture", "b.jpg": JPEG}, 0),
    "image_truncated": ({"a.jpg": JPEG[: len(JPEG) // 2], "b.jpg": JPEG}, 0),
    "image_type": ({"a.jpg": encoded("RGB", "ICO"), "b.jpg": JPEG}, 0),
    "wrong_suffix": ({"a.jpg": encoded("RGB", "PNG"), "a.xml": xml()}, 1),
    "image_cmyk": ({"a.jpg": encoded("CMYK", "JPEG"), "a.xml": xml()}, 1),
    "image_16_bit": ({"a.png": encoded("I;16", "PNG"), "a.xml": xml()}, 1),
    "image_frames": (
        {"a.gif": encoded("L", "GIF", save_all=True, append_images=[Pillow.new("L", (400, 300), 200)]), "a.xml": xml()},
        1,
    ),
    "exif_invalid": ({"a.jpg": turned(9), "a.xml": xml()}, 1),
    "exif_ambiguous": ({"a.jpg": turned(3), "a.xml": xml()}, 1),
    "duplicate_image": ({"a.jpg": JPEG, "b.jpg": JPEG, "a.xml": xml(), "b.xml": xml()}, 1),
    "duplicate_labels_differ": ({"a.jpg": JPEG, "b.jpg": JPEG, "a.xml": xml(), "b.xml": xml(("d", 1, 1, 50, 50))}, 2),
    "image_without_annotation": ({"a.jpg": JPEG}, 0),
    "annotation_without_image": ({"a.xml": xml(), "b.jpg": JPEG}, 0),
    "ambiguous_match": ({"x/a.jpg": JPEG, "y/a.jpg": picture_bytes(), "z/a.xml": xml()}, 0),
    "same_stem": ({"a.jpg": JPEG, "a.png": encoded("RGB", "PNG"), "a.xml": xml()}, 1),
    "file_name_differs": ({"a.jpg": JPEG, "b.jpg": picture_bytes(), "a.xml": voc_xml("b.jpg")}, 1),
    "name_spelled_otherwise": ({NFC: JPEG, "é.xml": voc_xml(NFD)}, 1),
    "xml_does_not_parse": ({"a.jpg": JPEG, "a.xml": b"<annotation><object>"}, 0),
    "xml_not_voc": ({"a.jpg": JPEG, "a.xml": b"<html/>"}, 0),
    "size_missing": ({"a.jpg": JPEG, "a.xml": xml(size=(0, 0))}, 1),
    "size_rescaled": ({"a.jpg": JPEG, "a.xml": xml(size=(800, 600))}, 1),
    "size_differs": ({"a.jpg": JPEG, "a.xml": xml(size=(400, 200))}, 1),
    "box_without_class": ({"a.jpg": JPEG, "a.xml": xml(("", 1, 1, 50, 50), BOX)}, 1),
    "box_without_coordinates": ({"a.jpg": JPEG, "a.xml": xml(("c", "x", 1, 50, 50), BOX)}, 1),
    "comma_decimals": ({"a.jpg": JPEG, "a.xml": xml(("c", "1,5", 1, 50, 50))}, 1),
    "box_inverted": ({"a.jpg": JPEG, "a.xml": xml(("c", 50, 60, 10, 20))}, 1),
    "box_zero_size": ({"a.jpg": JPEG, "a.xml": xml(("c", 50, 60, 50, 80), BOX)}, 1),
    "box_outside": ({"a.jpg": JPEG, "a.xml": xml(("c", 500, 400, 600, 500), BOX)}, 1),
    "box_clipped": ({"a.jpg": JPEG, "a.xml": xml(("c", 390, 200, 480, 280))}, 1),
    "box_repeated": ({"a.jpg": JPEG, "a.xml": xml(BOX, BOX)}, 1),
    "box_tiny": ({"a.jpg": JPEG, "a.xml": xml(("c", 50, 60, 52, 90))}, 1),
    "yolo_line": ({"a.jpg": JPEG, "a.txt": b"0 .5 .5 .2 .2\nhello\n", "classes.txt": b"c\n"}, 1),
    "outline_to_box": ({"a.jpg": JPEG, "a.txt": b"0 .1 .1 .5 .1 .5 .5\n", "classes.txt": b"c\n"}, 1),
    "class_without_name": ({"a.jpg": JPEG, "a.txt": b"4 .5 .5 .2 .2\n", "classes.txt": b"c\n"}, 1),
    "yaml_does_not_parse": ({"a.jpg": JPEG, "a.txt": b"0 .5 .5 .2 .2\n", "data.yaml": b"names: [\n"}, 1),
    "yaml_without_names": ({"a.jpg": JPEG, "a.txt": b"0 .5 .5 .2 .2\n", "data.yaml": b"names: 3\n"}, 1),
    "json_does_not_parse": ({"a.jpg": JPEG, "a.json": b'{"images": [], "annotations": ['}, 0),
    "json_not_understood": ({"a.jpg": JPEG, "a.json": b'{"images": [{"id": 1}]}'}, 0),
    "coco_unknown_image": (
        {"a.jpg": JPEG, "a.json": b'{"images": [], "annotations": [{"image_id": 9}], "categories": []}'},
        0,
    ),
    "csv_does_not_parse": ({"a.jpg": JPEG, "a.csv": CSV + b'a.jpg,400,300,"' + b"c" * 140_000}, 0),
    "csv_columns": ({"a.jpg": JPEG, "a.csv": b"filename,width,height,class,xmin,ymin\na.jpg,1,1,c,1,1\n"}, 0),
    "record_damaged": ({"b.jpg": JPEG, "a.record": frame(b"") + b"damage"}, 0),
    "record_not_example": ({"b.jpg": JPEG, "a.record": frame(b"\xff\xff")}, 0),
    "record_lists_differ": ({"b.jpg": JPEG, "a.record": frame(uneven_record())}, 0),
    "class_name_too_long": ({"a.jpg": JPEG, "a.xml": xml(("c" * 101, 1, 1, 50, 50))}, 1),
    "other_format": ({"a.jpg": JPEG, "a.xml": xml(), "a.csv": CSV + b"a.jpg,400,300,c,1,1,9,9\n"}, 1),
    "file_type": ({"a.jpg": JPEG, "film.mov": b"x"}, 0),
}


@pytest.mark.parametrize("code", CORPUS)
def test_each_defect_is_named_and_treated_by_its_rule(code, tmp_path):
    files, boxes = CORPUS[code]
    for name, data in files.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(data)
    dataset = make_dataset(classes=())
    report = import_source(dataset, open_source(tmp_path / "in"), ImportOptions({}))
    found = [problem for problem in report.problems if problem.code == code]
    assert found, [(p.code, p.message) for p in report.problems]
    assert all(problem.code in DEFECTS and problem.message.endswith((".", "?")) for problem in report.problems)
    assert Box.objects.count() == boxes
    if DEFECTS[code].rule == ASIDE and code != "file_type" and found[0].file in files and boxes == 0:
        assert bytes(files[found[0].file]) in [kept_bytes(row) for row in KeptFile.objects.all()]


def kept_bytes(row: KeptFile) -> bytes:
    from django.core.files.storage import default_storage

    with default_storage.open(row.file) as file:
        return file.read()


ODD_BUT_CLEAR = {
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "line ends of Windows": lambda data: data.replace(b"><", b">\r\n<"),
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "letters as numbers": lambda data: data.replace(b"<name>c", b"<name>&#99;"),
    "no flags and no pose": lambda data: re.sub(rb"<(pose|truncated|difficult)>.*?</\1>", b"", data),
    "fractions of a pixel": lambda data: data.replace(b">10<", b">10.0<").replace(b">110<", b">1.1e2<"),
    "blanks around values": lambda data: data.replace(b"<name>c", b"<name> c ").replace(b">10<", b"> 10 <"),
    "a file name without its suffix": lambda data: data.replace(b"a.jpg</filename>", b"a</filename>"),
    "a file name with another suffix": lambda data: data.replace(b"a.jpg</filename>", b"a.png</filename>"),
    "a file name that is not there": lambda data: re.sub(rb"<filename>.*?</filename>", b"", data),
    "an outside entity": lambda data: b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hosts">]>' + data,
}


@pytest.mark.parametrize("oddity", ODD_BUT_CLEAR)
def test_what_is_odd_but_clear_comes_in_without_a_word(oddity, tmp_path):
    data = ODD_BUT_CLEAR[oddity](xml())
    assert data != xml()
    (tmp_path / "a.jpg").write_bytes(JPEG)
    (tmp_path / "a.xml").write_bytes(data)
    dataset = make_dataset(classes=())
    report = import_source(dataset, open_source(tmp_path), ImportOptions({}))
    box = Box.objects.get()
    assert (box.label, box.x1, box.y1, box.x2, box.y2, report.problems) == (*BOX, [])


def test_files_beyond_the_limits_are_set_aside(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "MAX_FILE_BYTES", len(JPEG) + 500)
    monkeypatch.setattr(voc, "MAX_BYTES", 300)
    (tmp_path / "a.jpg").write_bytes(JPEG)
    (tmp_path / "b.jpg").write_bytes(JPEG + bytes(1000))
    (tmp_path / "a.xml").write_bytes(b"<!-- long -->" + xml())
    report = import_source(make_dataset(classes=()), open_source(tmp_path), ImportOptions({}))
    assert {(p.file, p.code) for p in report.problems} >= {("b.jpg", "file_too_large"), ("a.xml", "xml_too_large")}
    assert (report.images_added, report.boxes_added) == (1, 0)


def test_a_member_with_a_password_is_named(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("secret.jpg", JPEG)
        archive.writestr("a.jpg", JPEG)
    data = bytearray(buffer.getvalue())
    data[6] |= 1  # the flags of the first member, where it lies and in the list at the end
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    report = import_source(make_dataset(classes=()), open_source(tmp_path / "a.zip"), ImportOptions({}))
    assert ("secret.jpg", "encrypted") in {(p.file, p.code) for p in report.problems} and report.images_added == 1


def test_every_code_of_the_table_has_a_test():
    tests = Path(__file__).parent
    text = "".join(file.read_text(encoding="utf-8") for file in tests.rglob("test_*.py"))
    assert [code for code in DEFECTS if f'"{code}"' not in text] == []


def test_the_table_knows_every_code_that_readers_give():
    used = set()
    for folder in ("formats", "importing", "sources"):
        for file in (Path(__file__).parents[2] / "datasets" / folder).rglob("*.py"):
            used |= problem_codes(ast.parse(file.read_text(encoding="utf-8")))
    used |= problem_codes(ast.parse((Path(__file__).parents[2] / "datasets" / "pictures.py").read_text()))
    own = {"label_map_syntax", "label_map_empty", "label_map_id", "label_map_incomplete", "label_map_twice"}
    assert used - own - {"format_not_found"} <= DEFECTS.keys(), used - DEFECTS.keys()


def problem_codes(tree: ast.AST) -> set[str]:
    """First texts of FormatError(...), and of Problem(file, code, ...)."""
    codes = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in ("FormatError", "Problem"):
            place = 0 if node.func.id == "FormatError" else 1
            value = node.args[place] if len(node.args) > place else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                codes.add(value.value)
    return codes


def test_what_was_set_aside_comes_first_in_a_report():
    rows = [Problem("a", "box_clipped", "x"), Problem("b", "xml_not_voc", "x"), Problem("c", "box_clipped", "y")]
    assert [(group.code, len(group.problems)) for group in grouped(rows)] == [("xml_not_voc", 1), ("box_clipped", 2)]
