"""The short way of reading VOC says what the parser says, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from datasets.formats.records import FormatError
from datasets.formats.voc import read_any, read_voc
from datasets.formats.voc_plain import read_plain
from tests.voc import voc_xml

PLAIN = voc_xml("a b.jpg", (400, 300), [("bb8", 10, 20, 110, 80.5), ("Füchse", 1, 1, 400, 300)], verified=True)
ODD = [
    "&amp;",
    "<!-- -->",
    "<![CDATA[x]]>",
    "\r",
    "\n",
    "\t",
    " ",
    "\x00",
    "\x85",
    "\u2028",
    "]]>",
    "<x/>",
    "é",
    "\ufffe",
]
ODD += [
    "<object></object>",
    "<name>z</name>",
    "<?pi?>",
    "-",
    ".",
    ",",
    "0",
    "1e3",
    "yes",
    "Unspecified",
    "/",
    "\\",
    ">",
]
ODD += ["<bndbox><xmin>1</xmin></bndbox>", "<folder>q</folder>", "<path/>", "<size/>", " a='1'", "xmlns='u'", "&#65;"]


def by_parser(data: bytes):
    try:
        return read_any(data)
    except FormatError as error:
        return error.code


@given(st.integers(0, len(PLAIN)), st.integers(0, 30), st.sampled_from(ODD) | st.text(max_size=3), st.booleans())
@settings(max_examples=150, deadline=None)
@example(0, 0, "\ufeff", False)
@example(0, 0, "<?xml version='1.0' encoding='latin-1'?>", False)
def test_whatever_is_changed_in_a_file_it_is_read_as_by_the_parser(place, cut, text, spread):
    changed = PLAIN[:place] + text.encode("utf-8", "replace") + PLAIN[place + cut :]
    data = changed.replace(b"><", b">\r\n\t<") if spread else changed
    said = read_plain(data)
    assert said is None or said == by_parser(data)


@pytest.mark.parametrize("data", [PLAIN, PLAIN.replace(b"><", b">\n\t<"), voc_xml(boxes=[])])
def test_plain_files_are_read_the_short_way(data):
    assert read_plain(data) == read_any(data) == read_voc(data)
    assert read_plain(data, 1.0) == read_any(data, one_based=True) == read_voc(data, one_based=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<pose>Unspecified", b"<pose> Unspecified "),
        (b"<pose>Unspecified", b"<pose>" + b"p" * 60),
        (b"<name>bb8", b"<name> \t"),
        (b"<width>400", b"<width>0"),
        (b"bb8", b"b&lt;8"),
        (b"a b.jpg", b"C:\\x\\a b.jpg "),
        (b"<xmin>10", b"<xmin>+1_0"),
        (b"<xmin>10", "<xmin>１０".encode()),
        (b"<difficult>0", b"<difficult>2"),
        (b"Unspecified", b"Left\xff"),
    ],
)
def test_what_is_not_plain_is_the_same_by_both_ways(old, new):
    data = PLAIN.replace(old, new)
    said = read_plain(data)
    assert data != PLAIN and (said is None or said == by_parser(data))
    if not isinstance(wanted := by_parser(data), str):
        assert repr(read_voc(data)) == repr(wanted)  # problems are exceptions, which are only ever like themselves
