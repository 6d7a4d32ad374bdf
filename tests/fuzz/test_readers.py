"""Some hundreds of inputs a reader; the long run is `python -m tests.fuzz`."""

from __future__ import annotations

import pytest

from tests.fuzz import campaign
from tests.fuzz.readers import READERS, make_input

INPUTS = {"video": 100}
SEED = 20


@pytest.mark.parametrize("name", READERS)
def test_no_input_breaks_a_reader(name):
    report = campaign.run(name, INPUTS.get(name, 250), SEED)
    assert report.failures == []
    assert report.inputs == INPUTS.get(name, 250)
    assert report.outcomes["read"] >= 2 and report.outcomes["refused"] + sum(report.codes.values()) >= 20


@pytest.mark.parametrize("name", READERS)
def test_whole_inputs_are_read(name):
    report = campaign.run(name, len(READERS[name].seeds()))
    others = 1 if name == "tar" else 0  # one of them holds another network than the run that asks
    assert report.outcomes == {"read": report.inputs - others, **({"refused": others} if others else {})}


def test_an_input_can_be_had_again():
    whole = READERS["voc"].seeds()
    assert make_input("voc", 3, 77, whole) == make_input("voc", 3, 77, whole) != make_input("voc", 4, 77, whole)
