"""No page is wider than its window, on a phone and on a tablet, whatever the names and however many the boxes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Site, enter
from tests.e2e.fullness import ADDRESSES

pytestmark = pytest.mark.browser

WIDTHS = (390, 1024)
#: How far the page scrolls sideways with what sticks out; and what one could press if it were not cut off.
STICKS_OUT = """() => {
  const width = document.documentElement.clientWidth, over = document.scrollingElement.scrollWidth - width;
  const beyond = (one) => one.checkVisibility() && one.getBoundingClientRect().right > width + 1;
  const scrolls = (one) => one && (/auto|scroll/.test(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
  const pressed = [...document.querySelectorAll("a[href], button, input, select")].filter(beyond);
  const cut = pressed.filter((one) => !scrolls(one.parentElement));
  const out = over > 0 ? [...document.querySelectorAll("body *")].filter(beyond) : cut;
  return over > 0 || cut.length ? [over, ...out.slice(0, 5).map((one) => one.outerHTML.slice(0, 120))] : [];
}"""


@pytest.fixture(scope="module")
def visitor(browser: Browser, site: Site):
    context = browser.new_context(viewport={"width": WIDTHS[0], "height": 844})
    page = context.new_page()
    enter(page, site)
    yield page
    context.close()


@pytest.mark.parametrize("path", ADDRESSES)
def test_nothing_sticks_out_of_the_window(visitor: Page, site: Site, full, path: str):
    answer = visitor.goto(site.url + path.format(**full))
    assert answer and answer.status == 200
    for width in WIDTHS:
        visitor.set_viewport_size({"width": width, "height": 844})
        visitor.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        assert visitor.evaluate(STICKS_OUT) == [], f"{width} pixels"


def test_what_sticks_out_would_be_found(browser: Browser):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_content("<style>body { margin: 0 } p { width: 400px }</style><p>wide</p>")
    assert page.evaluate(STICKS_OUT) == [10, "<p>wide</p>"]
    bar = "<div style='overflow: {}; white-space: nowrap'><button style='margin-left: 500px'>x</button></div>"
    page.set_content(bar.format("hidden"))
    assert page.evaluate(STICKS_OUT)[1].startswith("<button")
    page.set_content(bar.format("auto"))
    assert page.evaluate(STICKS_OUT) == []
    page.close()
