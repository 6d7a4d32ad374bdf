"""A photo of 12,000 x 12,000 pixels in the editor, in headless Chromium: by pieces, and decoded whole by the browser.

    .venv/bin/python -m benchmarks.editor.vast [--side 12000]

Opens the photo, zooms in to more than 2,000 % with the wheel, moves it, and fits it again. Prints one JSON object: for
both ways the longest time without a frame in each part, in ms, and the largest process of the browser in MB; `ratio` is
the longest time by pieces over that of the whole. Goal: by pieces no frame takes longer than half a second.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks.editor.parts import site_and_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

    from tests.e2e.conftest import Site

GOAL_MS = 500
GAPS = """() => {
  let last = performance.now();
  window.longest = 0;
  const frame = (now) => {
    window.longest = Math.max(window.longest, now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""


def make_photo(folder: Path, side: int) -> None:
    """Blotches: a photo with as much to decode as a real one."""
    import numpy as np
    from PIL import Image

    blotches = np.random.default_rng(1).integers(0, 255, (side // 16, side // 16, 3), dtype=np.uint8)
    Image.fromarray(blotches).resize((side, side), Image.Resampling.BICUBIC).save(folder / "vast.jpg", quality=88)


def decoded_whole(route: Route) -> None:
    """The page as it would be without pieces."""
    response = route.fetch()
    text = re.sub(r"thumb/(\w+)/screen/", r"file/\1/", response.text())
    route.fulfill(response=response, body=re.sub(r'"pieces": \{[^}]*\}', '"pieces": null', text))


def walk(page: Page, url: str) -> dict[str, Any]:
    """Longest time without a frame in each part, in ms, and the memory of the browser's largest process in MB."""
    found: dict[str, Any] = {}
    memory = 0.0

    def note(part: str, settle_ms: int) -> None:
        nonlocal memory
        page.wait_for_timeout(settle_ms)
        memory = max(memory, *(child.memory_info().rss / 2**20 for child in browser_processes()))
        found[f"{part}_ms"] = round(page.evaluate("() => window.longest"))
        page.evaluate("() => { window.longest = 0; }")

    page.goto(url, wait_until="commit")
    page.locator("[data-ready=true]").wait_for()
    page.evaluate(GAPS)
    note("open", 4000)
    page.mouse.move(770, 680)
    for _ in range(20):
        page.mouse.wheel(0, -200)
        page.wait_for_timeout(50)
    note("zoom", 3000)
    page.mouse.down(button="middle")
    for step in range(30):
        page.mouse.move(770 - step * 15, 680 - step * 5)
        page.wait_for_timeout(16)
    page.mouse.up(button="middle")
    note("move", 500)
    page.keyboard.press("f")
    note("fit", 2000)
    return {**found, "memory_mb": round(memory)}


def browser_processes() -> list[psutil.Process]:
    return [each for each in psutil.Process().children(recursive=True) if "--type=" in " ".join(each.cmdline())]


def sign_in(browser: Browser, site: Site) -> Page:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(120_000)
    page.goto(site.url)
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Home").wait_for()
    return page


def measure(browser: Browser, site: Site, photos: Path) -> dict[str, Any]:
    from tests.e2e.labelling import command

    command(site, "import_dataset", str(photos), "--dataset", "vast")
    (image,) = (each["id"] for each in command(site, "edit_images", "vast", "list")["images"])
    url = f"{site.url}/datasets/images/{image}/"
    page = sign_in(browser, site)
    walk(page, url)  # the pieces are cut, as they are some seconds after an import
    pieces = walk(page, url)
    page.route(url, decoded_whole)
    return {"pieces": pieces, "whole": walk(page, url)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=12_000)
    options = parser.parse_args()
    with site_and_browser() as (site, browser, photos):
        make_photo(photos, options.side)
        found = measure(browser, site, photos)
    longest = {way: max(ms for part, ms in one.items() if part.endswith("_ms")) for way, one in found.items()}
    ratio = round(longest["pieces"] / longest["whole"], 2)
    met = longest["pieces"] <= GOAL_MS
    print(json.dumps({"benchmark": "editor_vast", "side": options.side, **found, "ratio": ratio, "met": met}, indent=1))


if __name__ == "__main__":
    main()
