"""What one format writes it reads again, field by field, for all that it has a place for; and between formats."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from datasets.formats import coco, createml, csv_tf, tfrecord, voc, yolo
from datasets.formats.records import AnnotationRecord, BoxRecord, Context
from datasets.importing.boxes import Frame, place_boxes

CLASSES = ["BB-8", "r2 d2", "Füchse & Söhne", "猫", "<b>"]
NUMBERS = {name: number for number, name in enumerate(CLASSES, start=1)}
WORD = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)
TAGS = st.dictionaries(st.text("abc é", min_size=1, max_size=5).map("x_{}y".format), WORD, max_size=2)
TAGS = TAGS.map(lambda tags: tuple(tags.items()))
WIDTH, HEIGHT = 640, 480
#: A share of 32 bits is off by 6e-8 at most, and what is within 2e-7 of a whole pixel is read as that pixel.
NEXT_TO_A_PIXEL = (2e-7 + 6e-8) * WIDTH


@st.composite
def boxes(draw) -> BoxRecord:
    edge = st.integers if draw(st.booleans()) else lambda low, high: st.floats(low, high, width=32).map(float)
    x1, y1 = float(draw(edge(0, WIDTH - 20))), float(draw(edge(0, HEIGHT - 20)))
    x2, y2 = float(draw(edge(int(x1) + 10, WIDTH))), float(draw(edge(int(y1) + 10, HEIGHT)))
    flag = st.booleans()
    score = draw(st.none() | st.integers(0, 16).map(lambda n: n / 16))
    pose = draw(st.sampled_from(["", "Left", "Frontal"]))
    flags = [draw(flag) for _ in range(3)]
    return BoxRecord(draw(st.sampled_from(CLASSES)), x1, y1, x2, y2, *flags, pose, score, draw(flag), draw(TAGS))


@st.composite
def records(draw) -> AnnotationRecord:
    return AnnotationRecord(
        draw(WORD.map(lambda word: word.replace("/", "_").replace("\\", "_") + ".jpg")),
        WIDTH,
        HEIGHT,
        tuple(draw(st.lists(boxes(), max_size=4))),
        draw(st.booleans()),
        folder=draw(st.sampled_from(["", "images"])),
        depth=draw(st.sampled_from([1, 3])),
        segmented=draw(st.booleans()),
        tags=draw(TAGS),
    )


def through_voc(record: AnnotationRecord) -> AnnotationRecord:
    return voc.read_voc(voc.write_voc(record))


def through_coco(record: AnnotationRecord) -> AnnotationRecord:
    rows = b",".join(coco.box_row(box, n, 7, NUMBERS[box.name]) for n, box in enumerate(record.boxes, start=1))
    categories = coco.category_rows({number: name for name, number in NUMBERS.items()})
    data = b'{"images":[%b],"annotations":[%b],"categories":%b}' % (coco.image_row(record, 7), rows, categories)
    ((back, _),) = coco.parse(data, "a.json", Context())
    return back


def through_createml(record: AnnotationRecord) -> AnnotationRecord:
    ((back, _),) = createml.parse(b"".join(createml.write_createml([record])), "a.json", Context())
    return back


def through_tfrecord(record: AnnotationRecord) -> AnnotationRecord:
    data = tfrecord.frame(tfrecord.write_example(record, NUMBERS, b"picture", "jpeg"))
    ((offset, example),) = tfrecord.read_frames(io.BytesIO(data))
    assert tfrecord.read_image(io.BytesIO(data), offset) == b"picture"
    return replace(tfrecord.read_example(example, {})[0], source_id="")


def plain(box: BoxRecord) -> BoxRecord:
    return BoxRecord(box.name, box.x1, box.y1, box.x2, box.y2)


def same_boxes(left: AnnotationRecord, right: AnnotationRecord, tolerance: float = 0.0) -> bool:
    """All fields equal; edges to within some pixels."""
    edges = [
        abs(a - b) <= tolerance
        for one, other in zip(left.boxes, right.boxes, strict=True)
        for a, b in zip((one.x1, one.y1, one.x2, one.y2), (other.x1, other.y1, other.x2, other.y2), strict=True)
    ]

    def rest(record: AnnotationRecord) -> AnnotationRecord:
        boxes = tuple(replace(box, x1=0, y1=0, x2=1, y2=1, tags=tuple(sorted(box.tags))) for box in record.boxes)
        return replace(record, boxes=boxes, tags=tuple(sorted(record.tags)))

    return all(edges) and rest(left) == rest(right)


@given(records())
@settings(max_examples=25, deadline=None)
def test_voc_says_every_field_again(record):
    assert through_voc(record) == record
    assert voc.write_voc(through_voc(record)) == voc.write_voc(record)


@given(records())
@settings(max_examples=25, deadline=None)
def test_voc_counted_from_one_comes_back_the_same(record):
    whole = replace(record, boxes=tuple(replace(b, x1=int(b.x1), y1=int(b.y1)) for b in record.boxes))
    assert voc.read_voc(voc.write_voc(whole, one_based=True), one_based=True) == whole


@given(records())
@settings(max_examples=25, deadline=None)
def test_coco_says_every_field_again(record):
    assert same_boxes(through_coco(record), record, 1e-9)


@given(records())
@settings(max_examples=25, deadline=None)
def test_createml_says_every_field_again(record):
    record = replace(record, segmented=False)
    assert same_boxes(through_createml(record), record, 1e-9)


@given(records())
@example(AnnotationRecord("0.jpg", WIDTH, HEIGHT, (BoxRecord("BB-8", 0.0, 0.0, 126.00012969970703, 10.0),)))
@settings(max_examples=25, deadline=None)
def test_tfrecord_says_every_field_but_unknown_tags_again(record):
    record = replace(record, tags=(), boxes=tuple(replace(box, tags=()) for box in record.boxes))
    assert same_boxes(through_tfrecord(record), record, NEXT_TO_A_PIXEL)


@given(records())
@settings(max_examples=25, deadline=None)
def test_yolo_gives_names_and_edges_again_to_the_thousandth_of_a_pixel(record):
    data = yolo.write_yolo(record, {name: number - 1 for name, number in NUMBERS.items()})
    back = yolo.read_yolo(data, CLASSES)
    placed, problems = place_boxes(back, Frame(WIDTH, HEIGHT, (WIDTH, HEIGHT), 1))
    wanted = list(dict.fromkeys(map(plain, record.boxes)))
    assert [box.name for box in placed] == [box.name for box in wanted] or problems
    for box, other in zip(back.boxes, record.boxes, strict=True):
        assert abs(box.x1 * WIDTH - other.x1) < 1e-3 and abs(box.y2 * HEIGHT - other.y2) < 1e-3


@given(st.lists(records(), max_size=4, unique_by=lambda record: record.file_name))
@settings(max_examples=25, deadline=None)
def test_csv_gives_every_box_again_and_knows_no_negatives(found):
    data = csv_tf.csv_header() + b"".join(map(csv_tf.write_csv, found))
    back = [record for record, _ in csv_tf.parse(data, "labels.csv", Context())]
    wanted = [(r.file_name, WIDTH, HEIGHT, tuple(map(plain, r.boxes))) for r in found if r.boxes]
    assert [(r.file_name, r.width, r.height, r.boxes) for r in back] == wanted


ROADS = {"voc": through_voc, "coco": through_coco, "createml": through_createml, "tfrecord": through_tfrecord}


@pytest.mark.parametrize("first", ROADS)
@pytest.mark.parametrize("second", ROADS)
def test_every_pair_keeps_what_both_can_carry(first, second):
    box = BoxRecord("BB-8", 1, 2, 300, 400.5, True, True, True, "Left", 0.5, True, (("note", "a & b"),))
    record = AnnotationRecord(
        "ü.jpg", WIDTH, HEIGHT, (box, plain(box)), True, folder="f", depth=1, tags=(("who", "me"),)
    )
    if "tfrecord" in (first, second):
        record = replace(record, tags=(), boxes=tuple(replace(b, tags=()) for b in record.boxes))
    back = ROADS[second](ROADS[first](record))
    assert same_boxes(back, record, NEXT_TO_A_PIXEL)


@given(records(), st.sampled_from(sorted(ROADS)), st.sampled_from(sorted(ROADS)))
@settings(max_examples=40, deadline=None)
def test_any_record_goes_by_any_pair_of_formats(record, first, second):
    if "createml" in (first, second):
        record = replace(record, segmented=False)
    if "tfrecord" in (first, second):
        record = replace(record, tags=(), boxes=tuple(replace(box, tags=()) for box in record.boxes))
    assert same_boxes(ROADS[second](ROADS[first](record)), record, 2 * NEXT_TO_A_PIXEL)


def test_a_tag_that_is_more_than_a_text_is_kept_whole():
    data = b"<annotation><filename>a.jpg</filename><object><name>c</name><part><name>head</name></part><bndbox>"
    data += b"<xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object></annotation>"
    record = voc.read_voc(data)
    assert record.boxes[0].tags == (("xml:part", "<part><name>head</name></part>"),)
    assert voc.read_voc(voc.write_voc(record)).boxes == record.boxes == through_coco_of("c", record).boxes


def through_coco_of(name: str, record: AnnotationRecord) -> AnnotationRecord:
    rows = coco.box_row(record.boxes[0], 1, 1, 1)
    data = b'{"images":[%b],"annotations":[%b],"categories":[{"id":1,"name":"%b"}]}'
    ((back, _),) = coco.parse(data % (coco.image_row(record, 1), rows, name.encode()), "a.json", Context())
    return back
