"""What a browser keeps of unsaved labels: two tabs of one person, and a tab that crashes."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import Site
from tests.e2e.labelling import (
    boxes_of,
    crash,
    draw,
    expect_state,
    import_photos,
    kill_tabs,
    open_editor,
    tell_without_waiting,
    wait_for_title,
)

pytestmark = pytest.mark.browser
OPERATIONS = "**/operations"


@pytest.fixture
def photo(page: Page, site: Site, tmp_path: Path) -> int:
    (image,) = import_photos(site, tmp_path, f"Unsaved {tmp_path.name}", 1)
    open_editor(page, site, image)
    return image


def reopened(context: BrowserContext, site: Site, photo: int) -> Page:
    page = context.new_page()
    page.set_default_timeout(30_000)
    open_editor(page, site, photo)
    return page


def test_two_tabs_of_one_person_keep_their_changes_apart(page: Page, context: BrowserContext, site: Site, photo: int):
    other = reopened(context, site, photo)
    context.route(OPERATIONS, lambda route: route.abort())
    draw(page, 0.2, 0.2)
    expect_state(page, "Not saved")
    draw(other, 0.6, 0.6)
    other.keyboard.press("Control+z")
    expect_state(other, "Saved")
    draw(other, 0.6, 0.2)
    expect_state(other, "Not saved")
    crash(page)
    crash(other)
    context.unroute(OPERATIONS)
    last = reopened(context, site, photo)
    expect(last.locator("[data-box-count]")).to_contain_text("3")
    expect_state(last, "Saved")
    assert len(boxes_of(site, photo)) == 3


def test_a_tab_that_crashes_in_the_very_moment_of_an_edit_has_kept_it(
    page: Page, context: BrowserContext, site: Site, photo: int
):
    page.keyboard.press("Tab")
    page.evaluate("addEventListener('keydown', () => { document.title = 'edited'; for (;;); })")
    key = {"type": "keyDown", "key": "ArrowRight", "code": "ArrowRight", "windowsVirtualKeyCode": 39}
    tell_without_waiting(page, "Input.dispatchKeyEvent", **key)
    wait_for_title(context, "edited")
    kill_tabs(context)
    (before,) = boxes_of(site, photo)
    last = reopened(context, site, photo)
    expect(last.locator("[data-hint]")).to_contain_text("Saving your changes")
    expect_state(last, "Saved")
    (after,) = boxes_of(site, photo)
    assert after["x1"] == before["x1"] + 1


def test_a_tab_that_is_closed_right_after_an_edit_sends_it(page: Page, site: Site, photo: int):
    draw(page, 0.2, 0.2)
    page.close()
    for _ in range(10):  # each asks the server anew
        if len(boxes_of(site, photo)) == 2:
            return
    raise AssertionError("the edit never reached the server")
