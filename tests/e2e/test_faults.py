"""The server, the tab, the network and the session fail at random moments: no edit is lost, none is done twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.e2e.conftest import Site
from tests.e2e.faults import make_photo, run_faults

pytestmark = pytest.mark.browser


def test_no_edit_is_lost(site: Site, context: BrowserContext, tmp_path: Path):
    found = run_faults(site, context, make_photo(site, tmp_path), edits=40, seed=1, share=0.3)
    assert found["faults"] == []
    assert found["acknowledged"] > 3
    assert sum(count for name, count in found.items() if name.startswith("trouble")) > 5
