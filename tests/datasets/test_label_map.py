import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats.label_map import read_label_map, write_label_map
from datasets.formats.records import FormatError
from tests.sample_data import sample_data


def test_reads_the_usual_spellings():
    text = """# classes\nitem { id: 2 name: 'R2-D2' }\nitem {\n  name: "BB-8"\n  id: 1\n  display_name: 'BB 8'\n}"""
    assert read_label_map(text) == {1: "BB 8", 2: "R2-D2"}


def test_reads_the_tutorial_s_own():
    path = sample_data("star_wars") / "sw_label_map.pbtxt"
    assert read_label_map(path.read_text()) == {1: "BB-8", 2: "R2-D2"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "label_map_empty"),
        ("item { id: 0 name: 'background' }", "label_map_id"),
        ("item { id: 1 }", "label_map_incomplete"),
        ("item { id: 1 name: 'a' } item { id: 1 name: 'b' }", "label_map_twice"),
        ("item { id: 1 name: 'a' ", "label_map_syntax"),
        ("item { id: 1 name: 'a' item { id: 2 name: 'b' } }", "label_map_syntax"),
        ("<xml>", "label_map_syntax"),
    ],
)
def test_says_what_is_wrong(text, code):
    with pytest.raises(FormatError) as error:
        read_label_map(text)
    assert error.value.code == code


names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(str.strip).filter(bool)


@given(st.dictionaries(st.integers(1, 500), names, min_size=1).filter(lambda d: len(set(d.values())) == len(d)))
def test_written_maps_read_back_equal(classes):
    assert read_label_map(write_label_map(classes)) == classes
