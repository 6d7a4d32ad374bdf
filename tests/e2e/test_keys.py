"""A person's own keys, in a browser: pressed on their page, named where they clash, used and shown in the editor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Site
from tests.e2e.labelling import command, import_photos, open_editor

pytestmark = pytest.mark.browser


@pytest.fixture
def keys_page(page: Page, site: Site) -> Iterator[Page]:
    page.goto(f"{site.url}/datasets/keys/")
    yield page
    command(site, "editor_keys", "admin", "--reset")


def row(page: Page, name: str) -> Locator:
    return page.locator(f"[data-command='{name}']")


def press_instead(page: Page, name: str, key: str) -> None:
    row(page, name).locator("[data-set='0']").click()
    expect(row(page, name)).to_contain_text("Press a key")
    page.keyboard.press(key)


def test_own_keys_are_chosen_used_and_shown(keys_page: Page, site: Site, tmp_path: Path, shoot):
    page = keys_page
    press_instead(page, "draw", "m")
    expect(row(page, "draw").locator("kbd")).to_have_text("M")
    press_instead(page, "lock", "Control+Alt+k")
    expect(row(page, "lock").locator("kbd")).to_have_text("Ctrl Alt K")
    shoot(page, "own-keys")
    page.reload()
    expect(row(page, "draw").locator("kbd")).to_have_text("M")
    photos = tmp_path / "photos"  # The folder above has the screenshots.
    photos.mkdir()
    (image,) = import_photos(site, photos, f"Keys {tmp_path.name}", 1)
    open_editor(page, site, image)
    page.keyboard.press("w")
    expect(page.locator("[data-editor]")).not_to_have_attribute("data-mode", "draw")
    page.keyboard.press("m")
    expect(page.locator("[data-editor]")).to_have_attribute("data-mode", "draw")
    expect(page.locator("[data-act=draw] kbd")).to_have_text("M")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+Alt+k")
    page.keyboard.press("Delete")
    expect(page.locator("[data-hint]")).to_have_text("The box is locked. Press Ctrl Alt K to unlock it.")


def test_a_clash_is_named_and_nothing_is_taken_unasked(keys_page: Page):
    page = keys_page
    press_instead(page, "draw", "d")
    question = page.get_by_role("dialog", name="D is taken")
    expect(question).to_contain_text("“next photo; saves first”")
    question.get_by_role("button", name="Leave it").click()
    expect(row(page, "draw").locator("kbd")).to_have_text("W")
    press_instead(page, "draw", "d")
    question.get_by_role("button", name="Take it").click()
    expect(row(page, "draw").locator("kbd")).to_have_text("D")
    expect(row(page, "next")).to_contain_text("No key")
    row(page, "draw").locator("[data-usual]").click()
    row(page, "next").locator("[data-usual]").click()
    expect(row(page, "next").locator("kbd")).to_have_text("D")
    press_instead(page, "draw", "Control+w")
    expect(page.locator("[data-message]").last).to_contain_text("The browser keeps this key")
    page.keyboard.press("Escape")
    expect(row(page, "draw").locator("kbd")).to_have_text("W")


def test_keys_are_added_taken_away_and_reset(keys_page: Page):
    page = keys_page
    row(page, "fit").locator("[data-set='1']").click()
    page.keyboard.press("y")
    expect(row(page, "fit").locator("kbd")).to_have_text(["F", "Y"])
    row(page, "fit").locator("[data-set='0']").click()
    row(page, "fit").get_by_role("button", name="Take it away").click()
    expect(row(page, "fit").locator("kbd")).to_have_text(["Y"])
    page.get_by_role("button", name="Reset all").click()
    page.get_by_role("dialog").get_by_role("button", name="Reset all").click()
    expect(row(page, "fit").locator("kbd")).to_have_text(["F"])


def test_the_card_fits_the_screen_and_can_be_searched(page: Page, site: Site, tmp_path: Path, shoot):
    (image,) = import_photos(site, tmp_path, f"Card {tmp_path.name}", 1)
    open_editor(page, site, image)
    page.keyboard.press("?")
    shoot(page, "key-card")
    card = page.locator("[data-keys]")
    assert card.evaluate("(card) => card.scrollHeight <= card.clientHeight")
    card.get_by_role("searchbox").fill("lock")
    expect(card.locator("dd:visible")).to_have_text(["lock, or unlock"])
    card.get_by_role("searchbox").fill("ctrl z")
    expect(card.locator("dd:visible")).to_have_text(["undo"])
