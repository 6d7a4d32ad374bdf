"""Saving in a browser: two people on one photo, no network, a closed tab, a session that ended. Nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import Site
from tests.e2e.labelling import (
    boxes_of,
    command,
    crash,
    draw,
    expect_state,
    import_photos,
    open_editor,
    second_page,
)

pytestmark = pytest.mark.browser
OPERATIONS = "**/operations"


@pytest.fixture
def photo(page: Page, site: Site, tmp_path: Path) -> int:
    (image,) = import_photos(site, tmp_path, f"Saving {tmp_path.name}", 1)
    open_editor(page, site, image)
    return image


def test_boxes_of_two_screens_come_together(page: Page, context: BrowserContext, site: Site, photo: int):
    other = second_page(context, site)
    open_editor(other, site, photo)
    draw(page, 0.2, 0.2)
    expect_state(page, "Saved")
    draw(other, 0.6, 0.6)
    expect_state(other, "Saved")
    expect(other.locator("[data-box-count]")).to_contain_text("3")
    draw(page, 0.2, 0.6)
    expect_state(page, "Saved")
    expect(page.locator("[data-box-count]")).to_contain_text("4")
    assert len(boxes_of(site, photo)) == 4


def test_a_box_that_two_people_moved_is_chosen_by_the_second(
    page: Page, context: BrowserContext, site: Site, photo: int, shoot
):
    (before,) = boxes_of(site, photo)
    other = second_page(context, site)
    open_editor(other, site, photo)
    for screen, key, state in ((page, "ArrowRight", "Saved"), (other, "ArrowDown", "Changed elsewhere")):
        screen.keyboard.press("Tab")
        for _ in range(3):
            screen.keyboard.press(key)
        expect_state(screen, state)
    shoot(other, "conflict")
    other.get_by_label("Keep both boxes").check()
    other.get_by_role("button", name="Go on with these").click()
    expect_state(other, "Saved")
    moved = sorted((box["x1"] - before["x1"], box["y1"] - before["y1"]) for box in boxes_of(site, photo))
    assert moved == [(0, 3), (3, 0)]


def test_without_a_network_boxes_wait_and_another_page_sends_them(
    page: Page, context: BrowserContext, site: Site, photo: int
):
    context.route(OPERATIONS, lambda route: route.abort())
    draw(page, 0.2, 0.2)
    expect_state(page, "Not saved")
    draw(page, 0.5, 0.5)
    crash(page)
    assert len(boxes_of(site, photo)) == 1
    context.unroute(OPERATIONS)
    other = second_page(context, site)
    expect(other.get_by_text("changes made earlier are saved now")).to_be_visible()
    assert len(boxes_of(site, photo)) == 3


def test_a_save_whose_answer_was_lost_counts_once(page: Page, context: BrowserContext, site: Site, photo: int):
    lost = []

    def lose_the_answer(route) -> None:
        lost.append(route.fetch().status)
        route.abort()

    page.route(OPERATIONS, lose_the_answer, times=1)
    draw(page, 0.2, 0.2)
    expect_state(page, "Saved")  # by itself, a second later
    assert lost == [200]
    history = command(site, "image_history", str(photo))
    assert len(history["revisions"][0]["boxes"]) == 2 and history["revision"] == len(history["revisions"])


def test_a_session_that_ended_keeps_the_boxes_until_the_next_sign_in(
    page: Page, context: BrowserContext, site: Site, photo: int
):
    context.clear_cookies()
    draw(page, 0.2, 0.2)
    expect_state(page, "Signed out")
    with context.expect_page() as opened:
        page.get_by_role("button", name="Sign in").click()
    door = opened.value
    door.get_by_label("Username").fill("admin")
    door.get_by_label("Password").fill(site.password)
    door.get_by_role("button", name="Sign in").click()
    door.locator("[data-ready=true]").wait_for()
    door.close()
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect_state(page, "Saved")
    assert len(boxes_of(site, photo)) == 2


def test_any_state_of_the_history_can_be_had_back(page: Page, site: Site, photo: int, shoot):
    draw(page, 0.2, 0.2)
    expect_state(page, "Saved")
    page.get_by_role("link", name="History, revision").click()
    shoot(page, "history")
    page.get_by_role("button", name="Restore revision 1").click()
    expect(page.get_by_text("as it was after revision 1")).to_be_visible()
    assert len(boxes_of(site, photo)) == 1
