"""Editors on one photo at once, over a line that fails: nothing acknowledged is lost, nothing is done twice."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Site
from tests.e2e.interleaving import interleave, make_photo


@pytest.mark.parametrize(("editors", "seed"), [(2, 1), (3, 2)])
def test_all_screens_agree_with_the_server_at_the_end(site: Site, editors: int, seed: int):
    data = make_photo(site, f"Interleaved {seed}")
    found = interleave(site, data, seed=seed, edits=80, editors=editors)
    assert found["faults"] == []
    assert found["revisions"] == found["saves"] > 10
    assert found["cut"] + found["lost"] + found["twice"] > 0
