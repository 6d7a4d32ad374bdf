"""A small dataset on the running site, and the editor on one of its photos."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import ROOT, Site
from tests.factories import picture_bytes
from tests.voc import Rows, voc_xml


def manage(site: Site, *words: str, environment: Mapping[str, str] = MappingProxyType({})) -> str:
    """Run a management command on the site's data; the last line of what it prints."""
    own = {"DATA_DIR": str(site.data_dir), "DJANGO_SETTINGS_MODULE": "sw_site.settings"}
    run = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env={**os.environ, **own, **environment},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()[-1]


def command(site: Site, *words: str, environment: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """Run a management command on the site's data; what it prints with --json."""
    return dict(json.loads(manage(site, *words, "--json", environment=environment)))


def import_photos(
    site: Site,
    folder: Path,
    name: str,
    count: int,
    boxes: Rows | None = None,
    annotated: bool = True,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> list[int]:
    """Numbers of the images of a new dataset, each with one box or with `boxes`, or not annotated at all."""
    for n in range(count):
        (folder / f"photo {n}.jpg").write_bytes(picture_bytes())
        if annotated:
            (folder / f"photo {n}.xml").write_bytes(voc_xml(boxes=boxes))
    command(site, "import_dataset", str(folder), "--dataset", name, environment=environment)
    listed = command(site, "edit_images", name, "list", environment=environment)
    return [image["id"] for image in listed["images"]]


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


def second_page(context: BrowserContext, site: Site) -> Page:
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.goto(site.url)
    return page


def tell_without_waiting(page: Page, method: str, **parameters: Any) -> None:
    """A command of the DevTools protocol in an envelope, because the page itself will not answer."""
    target = page.context.new_cdp_session(page).send("Target.getTargetInfo")["targetInfo"]["targetId"]
    assert page.context.browser
    session = page.context.browser.new_browser_cdp_session()
    envelope = session.send("Target.attachToTarget", {"targetId": target, "flatten": False})
    message = json.dumps({"id": 1, "method": method, "params": parameters})
    session.send("Target.sendMessageToTarget", {"sessionId": envelope["sessionId"], "message": message})


def crash(page: Page) -> None:
    """End the page's process, as the system does when memory runs out: no script of it runs any more."""
    with page.expect_event("crash"):
        tell_without_waiting(page, "Page.crash")
    page.close()


def kill_tabs(context: BrowserContext) -> None:
    """End the processes of all tabs, in the middle of whatever they do."""
    assert context.browser
    processes = context.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    for process in processes:
        if process["type"] == "renderer":
            os.kill(process["id"], signal.SIGKILL)
    for page in context.pages:
        page.close()


def wait_for_title(context: BrowserContext, title: str) -> None:
    """As the browser knows it, when the page itself does not answer."""
    assert context.browser
    session = context.browser.new_browser_cdp_session()
    for _ in range(600):
        if title in [target["title"] for target in session.send("Target.getTargets")["targetInfos"]]:
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"no tab has the title {title}")
