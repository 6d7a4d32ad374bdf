"""No page is wider than its window, on a phone and on a tablet, whatever the names and however many the boxes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Site, enter
from tests.e2e.fullness import ADDRESSES

pytestmark = pytest.mark.browser

WIDTHS = (390, 1024)
#: How far it scrolls sideways, and what sticks out.
STICKS_OUT = """() => {
  const width = document.documentElement.clientWidth, over = document.scrollingElement.scrollWidth - width;
  if (over <= 0) return [];
  const out = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > width + 1);
  return [over, ...out.slice(0, 5).map((one) => one.outerHTML.slice(0, 120))];
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
        assert visitor.evaluate(STICKS_OUT) == [], f"{width} pixels"


def test_what_sticks_out_would_be_found(browser: Browser):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_content("<style>body { margin: 0 } p { width: 400px }</style><p>wide</p>")
    assert page.evaluate(STICKS_OUT) == [10, "<p>wide</p>"]
    page.close()
