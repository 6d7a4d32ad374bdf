import pytest

from detections.classes import listed, match_classes
from sw_site.lib.errors import UserError


def test_classes_meet_by_name_whatever_their_ids():
    found = match_classes({1: "R2-D2", 2: "BB-8"}, {1: "BB-8", 2: "R2-D2"})
    assert found.to_version == {1: 2, 2: 1}
    assert (found.only_model, found.only_version) == ((), ())


def test_classes_of_one_side_only_are_reported():
    found = match_classes({1: "BB-8", 2: "cat"}, {1: "BB-8", 2: "R2-D2"})
    assert (found.to_version, found.only_model, found.only_version) == ({1: 1}, ("cat",), ("R2-D2",))


def test_nothing_in_common_is_refused():
    with pytest.raises(UserError, match="The model knows cat, the version has BB-8, R2-D2") as error:
        match_classes({1: "cat"}, {1: "BB-8", 2: "R2-D2"})
    assert error.value.code == "classes_differ"


def test_long_lists_are_cut():
    assert listed("abcdefg") == "a, b, c, d, e and 2 more"
    assert listed([]) == "no classes"
