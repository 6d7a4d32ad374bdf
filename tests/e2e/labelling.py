"""A small dataset on the running site, and the editor on one of its photos."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import ROOT, Site
from tests.factories import picture_bytes
from tests.voc import voc_xml


def command(site: Site, *words: str, environment: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """Run a management command on the site's data; what it prints with --json."""
    own = {"DATA_DIR": str(site.data_dir), "DJANGO_SETTINGS_MODULE": "sw_site.settings"}
    run = subprocess.run(
        [sys.executable, "manage.py", *words, "--json"],
        cwd=ROOT,
        env={**os.environ, **own, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(run.stdout.splitlines()[-1]))


def import_photos(site: Site, folder: Path, name: str, count: int) -> list[int]:
    """Numbers of the images of a new dataset, each with one box."""
    for n in range(count):
        (folder / f"photo {n}.jpg").write_bytes(picture_bytes())
        (folder / f"photo {n}.xml").write_bytes(voc_xml())
    command(site, "import_dataset", str(folder), "--dataset", name)
    return [image["id"] for image in command(site, "edit_images", name, "list")["images"]]


def boxes_of(site: Site, image: int) -> list[dict[str, Any]]:
    """What the server has: the boxes of the newest revision."""
    return list(command(site, "image_history", str(image))["revisions"][0]["boxes"])


def open_editor(page: Page, site: Site, image: int) -> None:
    page.goto(f"{site.url}/datasets/images/{image}/")
    page.locator("[data-ready=true]").wait_for()


def draw(page: Page, x: float, y: float, width: float = 0.1, height: float = 0.1) -> None:
    """Draw a box; place and size are shares of the stage."""
    area = page.locator("[data-stage]").bounding_box()
    assert area
    page.keyboard.press("w")
    page.mouse.move(area["x"] + area["width"] * x, area["y"] + area["height"] * y)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * (x + width), area["y"] + area["height"] * (y + height), steps=4)
    page.mouse.up()


def expect_state(page: Page, words: str) -> None:
    expect(page.locator("[data-save-state]")).to_have_text(words)


KEPT = """() => new Promise((resolve) => {
  const opening = indexedDB.open("sw_site", 1);
  opening.onsuccess = () => {
    const asking = opening.result.transaction("unsaved").objectStore("unsaved").getAll();
    asking.onsuccess = () => {
      opening.result.close();
      resolve(asking.result.map((record) => record.content.boxes.length));
    };
  };
})"""


def wait_until_kept(page: Page, boxes: int) -> None:
    """The browser writes what is unsaved down beside the page's script: a page closed before that has not kept it."""
    for _ in range(200):
        if boxes in page.evaluate(KEPT):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"no photo with {boxes} boxes is kept in the browser: {page.evaluate(KEPT)}")


def second_page(context: BrowserContext, site: Site) -> Page:
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.goto(site.url)
    return page
