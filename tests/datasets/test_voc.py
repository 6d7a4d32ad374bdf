import pytest

from datasets.formats.records import FormatError
from datasets.formats.voc import read_voc
from tests.voc import voc_xml


def test_reads_boxes_as_edges_without_a_shift():
    record = read_voc(voc_xml("a.jpg", (400, 300), [("bb8", 1, 20, 400, 300.5)], verified=True))
    assert (record.file_name, record.width, record.height, record.verified) == ("a.jpg", 400, 300, True)
    (box,) = record.boxes
    assert (box.name, box.x1, box.y1, box.x2, box.y2) == ("bb8", 1, 20, 400, 300.5)


def test_a_file_without_objects_is_a_negative():
    assert read_voc(voc_xml(boxes=[])).boxes == ()


def test_flags_and_pose_are_kept():
    data = voc_xml().replace(b"<difficult>0", b"<difficult>1").replace(b"<truncated>0", b"<truncated>1")
    (box,) = read_voc(data.replace(b"Unspecified", b"Left")).boxes
    assert (box.difficult, box.truncated, box.pose) == (True, True, "Left")


def test_missing_flags_comma_decimals_and_bom_are_tolerated():
    data = b"\xef\xbb\xbf" + voc_xml(boxes=[("cat", "1,5", 2, 30, 40)]).replace(b"<difficult>0</difficult>", b"")
    (box,) = read_voc(data).boxes
    assert box.x1 == 1.5 and box.difficult is False


def test_one_bad_object_does_not_lose_the_others():
    data = voc_xml(boxes=[("bb8", "x", 1, 2, 3), ("r2d2", 1, 2, 3, 4), ("", 1, 1, 2, 2)])
    record = read_voc(data)
    assert [box.name for box in record.boxes] == ["r2d2"]
    assert [problem.code for problem in record.problems] == ["box_without_coordinates", "box_without_class"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "xml_does_not_parse"),
        (b"<annotation><object>", "xml_does_not_parse"),
        (b"not xml", "xml_does_not_parse"),
        (b"<html/>", "xml_not_voc"),
    ],
)
def test_what_is_no_voc_file_is_said(data, code):
    with pytest.raises(FormatError) as error:
        read_voc(data)
    assert error.value.code == code


def test_entities_are_not_expanded_and_files_not_read(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("password")
    data = f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]><annotation><filename>&x;</filename></annotation>'
    assert "password" not in read_voc(data.encode()).file_name


def test_a_billion_laughs_does_not_expand():
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    data = f'<!DOCTYPE a [<!ENTITY l0 "ha">{lines}]><annotation><filename>&l9;</filename></annotation>'.encode()
    try:
        assert len(read_voc(data).file_name) < 1000
    except FormatError as error:
        assert error.code == "xml_does_not_parse"
