"""The grid in a browser: filter, tick, relabel, take back, and walk through the filter in the editor."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import ROOT, Site
from tests.factories import picture_bytes
from tests.voc import voc_xml

pytestmark = pytest.mark.browser


@pytest.fixture
def droids(page: Page, site: Site, tmp_path: Path) -> str:
    """Address of a dataset of four photos, each with one box, brought in through the page's own API."""
    for n in range(4):
        (tmp_path / f"photo {n}.jpg").write_bytes(picture_bytes())
        (tmp_path / f"photo {n}.xml").write_bytes(voc_xml())
    name = f"Grid {tmp_path.name}"
    run = subprocess.run(
        [sys.executable, "manage.py", "import_dataset", str(tmp_path), "--dataset", name, "--json"],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(site.data_dir), "DJANGO_SETTINGS_MODULE": "sw_site.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout.splitlines()[-1])["boxes_added"] >= 4
    page.goto(f"{site.url}/datasets/")
    page.get_by_role("link", name=name).click()
    page.locator(".tile").first.wait_for()
    return page.url


def test_filter_tick_relabel_and_take_back(page: Page, droids: str):
    page.locator("summary", has_text="More filters").click()
    page.get_by_label("Boxes, from").fill("1")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?min=1$"))
    expect(page.locator(".tile")).to_have_count(4)

    bar = page.locator("[data-pick-bar]")
    expect(bar).to_be_hidden()
    ticks = page.locator(".pick input")
    ticks.nth(0).check()
    ticks.nth(2).click(modifiers=["Shift"])
    expect(bar.locator("[data-picked]")).to_have_text("3")

    bar.locator("summary", has_text="Relabel").click()
    bar.get_by_label("or a new class").fill("Astromech")
    bar.get_by_role("button", name="Relabel the boxes").click()
    expect(page).to_have_url(re.compile(r"\?min=1$"))
    page.get_by_role("link", name="Take it back").click()
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("3 photos are as they were.")).to_be_visible()


def test_deleting_asks_first_and_the_editor_follows_the_filter(page: Page, droids: str):
    page.goto(f"{droids}?sort=newest")
    page.locator(".tile .photo").first.click()
    expect(page.locator(".editor-bar")).to_contain_text("1 of 4")
    page.locator("[data-ready=true]").wait_for()  # the page is there before its script has wired the keys
    page.keyboard.press("d")
    expect(page).to_have_url(re.compile(r"\?sort=newest$"))
    expect(page.locator(".editor-bar")).to_contain_text("2 of 4")

    page.goto(droids)
    page.locator(".pick input").first.check()
    bar = page.locator("[data-pick-bar]")
    bar.locator("summary", has_text="More").click()
    bar.get_by_role("button", name="Delete the photos").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".tile")).to_have_count(4)
    bar.locator("summary", has_text="More").click()
    bar.get_by_role("button", name="Delete the photos").click()
    page.locator("dialog").get_by_role("button", name="Delete the photos").click()
    expect(page.locator(".tile")).to_have_count(3)
