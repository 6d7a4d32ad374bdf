"""docs/first-day.md and the pages that go on from it, followed word for word by somebody who has just begun."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import Site, enter, start_site
from tests.factories import picture_bytes

pytestmark = [pytest.mark.browser, pytest.mark.training]
DOCS = Path(__file__).resolve().parents[2] / "docs"
DAYS = {"first-day": 12, "training-day": 6, "reviewing-day": 6, "using-models": 4}
#: What the page tells people to do, in the words it may use for it.
VERBS = {
    "press": r"[Pp]ress \*\*(?P<press>[^*]+)\*\*",
    "fill": r"[Ff]ill \*\*(?P<fill>[^*]+)\*\* with `(?P<value>[^`]+)`",
    "choose": r"choose `(?P<choice>[^`]+)` in \*\*(?P<choose>[^*]+)\*\*",
    "open": r"(?P<open>[Oo]pen the first photo)",
    "type": r"[Tt]ype `(?P<type>[^`]+)`",
    "draw": r"(?P<draw>draw a box on the photo)",
    "give": r"(?P<give>[Gg]ive it a photo of your own)",
    "wait": r"[Ww]ait until the page says “(?P<wait>[^”]+)”",
}
PATIENCE_MS = 300_000


def steps(day: str) -> list[str]:
    """The numbered steps, each with the lines that go on with it."""
    text = re.sub(r"\n {3,4}", " ", (DOCS / f"{day}.md").read_text())
    return re.findall(r"^\d+\. (.*)$", text, re.M)


@pytest.fixture
def newcomer(browser: Browser, tmp_path: Path) -> Iterator[tuple[Page, Site]]:
    """A site as `make run` starts it the first time, and somebody signed in."""
    site = start_site(tmp_path / "data", SW_DEMO="1")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: pytest.fail(f"{page.url}: {error}"))
    enter(page, site)
    yield page, site
    context.close()
    assert site.stop() == 0, "".join(site.lines[-30:])


@pytest.mark.parametrize(("day", "count"), DAYS.items())
def test_every_step_says_what_to_do(day, count):
    assert len(steps(day)) == count
    assert [step for step in steps(day) if not re.search("|".join(VERBS.values()), step)] == []


def test_the_days(newcomer, tmp_path, shoot):
    page, _ = newcomer
    photo = tmp_path / "own.jpg"
    photo.write_bytes(picture_bytes())
    for day in DAYS:
        for number, step in enumerate(steps(day), start=1):
            for found in re.finditer("|".join(VERBS.values()), step):
                follow(page, {name: value for name, value in found.groupdict().items() if value}, photo)
            shoot(page, f"{day}-{number:02}")


def follow(page: Page, said: dict[str, str], photo: Path) -> None:
    if "press" in said:
        press(page, said["press"])
    elif "fill" in said:
        field(page, said["fill"]).fill(said["value"])
    elif "choose" in said:
        field(page, said["choose"]).select_option(said["choice"])
    elif "open" in said:
        page.locator("[data-grid] .photo").first.click()
        page.locator("[data-ready=true]").wait_for()
    elif "type" in said:
        before = page.url
        page.keyboard.press(said["type"])
        if said["type"].endswith("Enter"):  # a verdict, after which comes the next photo
            expect(page).not_to_have_url(before)
            page.locator("[data-ready=true]").wait_for()
    elif "draw" in said:
        draw(page)
    elif "give" in said:
        page.locator("main input[type=file]").first.set_input_files(photo)
    else:
        words = page.locator("main, header").get_by_text(said["wait"]).locator("visible=true").first
        expect(words).to_be_visible(timeout=PATIENCE_MS)


def field(page: Page, label: str) -> Locator:
    """A field by its label, which may say that it can stay empty."""
    return page.get_by_label(re.compile(rf"^\s*{re.escape(label)}(\s+optional)?\s*$"))


def press(page: Page, name: str) -> None:
    """What a person would press: a link, a button, or what unfolds."""
    for target in (
        page.get_by_role("button", name=name, exact=True),
        page.get_by_role("link", name=name, exact=True),
        page.locator("summary").filter(has_text=re.compile(f"^{re.escape(name)}$")),
        page.get_by_role("link", name=name),
    ):
        shown = target.locator("visible=true")
        if shown.count():
            shown.first.click()
            page.wait_for_load_state()
            return
    raise AssertionError(f"there is nothing called {name} to press on {page.url}")


def draw(page: Page) -> None:
    area = page.locator(".stage").first.bounding_box()
    assert area
    page.mouse.move(area["x"] + area["width"] * 0.4, area["y"] + area["height"] * 0.4)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.5, area["y"] + area["height"] * 0.55, steps=5)
    with page.expect_response(re.compile(r"/operations$")):
        page.mouse.up()
        page.keyboard.press("Enter")
