import pytest

from detections.classes import ClassesDiffer, likely, listed, mapping_from_names, match_classes
from sw_site.lib.errors import UserError


def test_classes_meet_by_name_whatever_their_ids():
    found = match_classes({1: "R2-D2", 2: "BB-8"}, {1: "BB-8", 2: "R2-D2"})
    assert found.to_version == {1: 2, 2: 1}
    assert (found.only_model, found.only_version) == ((), ())


def test_a_class_without_a_namesake_is_asked_for_first():
    with pytest.raises(ClassesDiffer, match="no class called cat; it has BB-8, R2-D2") as error:
        match_classes({1: "BB-8", 2: "cat"}, {1: "BB-8", 2: "R2-D2"})
    assert error.value.code == "classes_differ"


def test_answers_are_followed_and_the_rest_goes_by_name():
    found = match_classes({1: "BB-8", 2: "cat", 3: "droid"}, {1: "BB-8", 2: "R2-D2"}, {2: None, 3: 2})
    assert (found.to_version, found.only_model, found.only_version) == ({1: 1, 3: 2}, ("cat",), ())


def test_two_classes_of_the_model_may_be_one_of_the_version():
    assert match_classes({1: "car", 2: "truck"}, {7: "vehicle"}, {1: 7, 2: 7}).to_version == {1: 7, 2: 7}


def test_a_class_the_model_does_not_know_needs_no_answer():
    assert match_classes({1: "BB-8"}, {1: "BB-8", 2: "R2-D2"}).only_version == ("R2-D2",)


def test_nothing_left_to_compare_is_refused():
    with pytest.raises(UserError, match="The model knows cat, the version has BB-8, R2-D2") as error:
        match_classes({1: "cat"}, {1: "BB-8", 2: "R2-D2"}, {1: None})
    assert error.value.code == "no_common_class"


def test_names_become_numbers_and_unknown_ones_are_told():
    model, version = {1: "droid", 2: "cat"}, {5: "R2-D2"}
    assert mapping_from_names(model, version, {"droid": "R2-D2", "cat": None}) == {1: 5, 2: None}
    assert mapping_from_names(model, version, {"cat": ""}) == {2: None}
    with pytest.raises(UserError, match="The version has no class “R2D2”. It has R2-D2."):
        mapping_from_names(model, version, {"droid": "R2D2"})
    with pytest.raises(UserError, match="The model has no class “dog”"):
        mapping_from_names(model, version, {"dog": "R2-D2"})


def test_likely_classes_differ_in_case_and_signs_only():
    assert likely("r2d2", {1: "BB-8", 2: "R2-D2"}) == 2
    assert likely("R2 D2 ", {2: "R2-D2"}) == 2
    assert likely("cat", {2: "R2-D2"}) is None
    assert likely("--", {2: "R2-D2", 3: "?"}) is None


def test_long_lists_are_cut():
    assert listed("abcdefg") == "a, b, c, d, e and 2 more"
    assert listed([]) == "no classes"
