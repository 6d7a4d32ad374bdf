"""A reviewer's pass with real keys: the queue hands photos out, one key approves, one returns with a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.labelling import command, import_photos

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(page: Page, site: Site, tmp_path: Path) -> str:
    """Name of a dataset with three labelled photos; the page shows its review desk."""
    name = f"Review {tmp_path.name}"
    import_photos(site, tmp_path, name, 3)
    page.goto(f"{site.url}/datasets/")
    page.get_by_role("link", name=name).click()
    page.get_by_role("link", name="Review", exact=True).click()
    return name


def states(site: Site, name: str) -> list[str]:
    return sorted(image["state"] for image in command(site, "edit_images", name, "list")["images"])


def test_a_reviewers_pass(page: Page, site: Site, desk: str, shoot):
    shoot(page, "review-desk")
    page.get_by_role("button", name="Review the next photo").click()
    page.locator("[data-ready=true]").wait_for()
    first = page.url
    expect(page.get_by_role("button", name=re.compile("Approve"))).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(first)
    page.locator("[data-ready=true]").wait_for()
    assert states(site, desk) == ["approved", "labelled", "labelled"]

    second = page.url
    page.keyboard.press("Tab")  # the note goes to the selected box
    page.keyboard.press("r")
    page.get_by_label("What is to be changed?").fill("The box is too loose")
    shoot(page, "review-return")
    page.keyboard.press("Control+Enter")
    expect(page).not_to_have_url(second)
    page.locator("[data-ready=true]").wait_for()
    assert states(site, desk) == ["approved", "labelled", "returned"]

    third = page.url
    page.goto(second.partition("?")[0])
    expect(page.get_by_text("The box is too loose")).to_be_visible()
    expect(page.locator(".pin")).to_have_count(1)
    shoot(page, "review-note")
    page.get_by_role("button", name="Settled").click()
    expect(page.get_by_role("button", name="Open again")).to_be_visible()

    page.goto(third)
    page.locator("[data-ready=true]").wait_for()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=desk)).to_be_visible()  # nothing is left: back at the desk
    assert states(site, desk) == ["approved", "approved", "returned"]


def test_a_reviewers_own_keys(page: Page, site: Site, desk: str):
    """Y approves and X returns; what they do in the editor waits, and Enter and R do what they do there."""
    try:
        command(site, "editor_keys", "admin", "approve", "y")
        command(site, "editor_keys", "admin", "return", "x")
        command(site, "editor_keys", "admin", "queue-next", "ctrl+alt+m")
        page.get_by_role("button", name="Review the next photo").click()
        page.locator("[data-ready=true]").wait_for()
        expect(page.locator("[data-desk-act] kbd")).to_have_text(["Y", "X", "Ctrl Alt M"])
        first = page.url
        page.keyboard.press("r")  # "same class" again
        expect(page.locator("[data-return]")).to_be_hidden()
        page.keyboard.press("Control+Alt+m")
        expect(page).not_to_have_url(first)
        page.locator("[data-ready=true]").wait_for()
        assert states(site, desk) == ["labelled", "labelled", "labelled"]
        second = page.url
        page.keyboard.press("y")
        expect(page).not_to_have_url(second)
        page.locator("[data-ready=true]").wait_for()
        assert states(site, desk) == ["approved", "labelled", "labelled"]
        page.keyboard.press("x")
        expect(page.locator("[data-return]")).to_be_visible()
    finally:
        command(site, "editor_keys", "admin", "--reset")
