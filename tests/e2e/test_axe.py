"""axe-core finds nothing serious where people label, review and train (rules of WCAG 2.2 A and AA among them)."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Site, enter
from tests.e2e.fullness import ADDRESSES

pytestmark = pytest.mark.browser

GRAVE = {"serious", "critical"}
#: Off by default in axe-core, though a rule of WCAG 2.2 AA.
OPTIONS = {"rules": {"target-size": {"enabled": True}}}


@pytest.fixture(scope="module")
def visitor(browser: Browser, site: Site):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    enter(page, site)
    yield page
    context.close()


def grave_ones(page: Page) -> list[str]:
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{one['id']}: {node['failureSummary']} {node['html'][:200]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ADDRESSES)
def test_nothing_serious_stands_in_anybodys_way(visitor: Page, site: Site, full, path: str, scheme):
    visitor.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    answer = visitor.goto(site.url + path.format(**full))
    assert answer and answer.status == 200
    if visitor.locator("[data-editor]").count():
        visitor.locator("[data-ready=true]").wait_for()
    assert grave_ones(visitor) == []


def test_the_key_card_and_the_sign_in_too(browser: Browser, visitor: Page, site: Site, full):
    visitor.goto(f"{site.url}/datasets/images/{full['image']}/")
    visitor.locator("[data-ready=true]").wait_for()
    visitor.keyboard.press("?")
    visitor.get_by_role("dialog").wait_for()
    assert grave_ones(visitor) == []
    stranger = browser.new_context()
    page = stranger.new_page()
    page.goto(site.url)
    assert grave_ones(page) == []
    stranger.close()


def test_a_serious_fault_would_be_found(browser: Browser):
    page = browser.new_page()
    tiny = "<button style='all: unset; width: 9px; height: 9px; display: inline-block'>x</button>" * 2
    page.set_content(f"<title>A</title><main><h1>A</h1><img src=a.png>{tiny}</main>")
    assert {line.partition(":")[0] for line in grave_ones(page)} >= {"image-alt", "target-size"}
    page.close()
