"""How the photo lies on the stage: zoom, pan, minimap, and everything by touch on a tablet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import Site
from tests.e2e.labelling import boxes_of, expect_state, import_photos, open_editor

pytestmark = pytest.mark.browser
Point = tuple[float, float]


@pytest.fixture
def photo(page: Page, site: Site, tmp_path: Path) -> int:
    (image,) = import_photos(site, tmp_path, f"View {tmp_path.name}", 1)
    open_editor(page, site, image)
    return image


def area(page: Page, name: str) -> dict[str, float]:
    box = page.locator(f"[data-{name}]").bounding_box()
    assert box
    return dict(box)


def place(page: Page, x: float, y: float, name: str = "photo") -> Point:
    """A point of the page; x and y are shares of the photo, or of another part."""
    box = area(page, name)
    return box["x"] + box["width"] * x, box["y"] + box["height"] * y


def scale(page: Page) -> float:
    return float(page.locator("[data-zoom]").inner_text().removesuffix(" %")) / 100


def zoom_in_at(page: Page, point: Point) -> None:
    page.mouse.move(*point)
    for _ in range(4):
        page.mouse.wheel(0, -400)
    expect(page.locator("[data-minimap]")).to_be_visible()


def test_zoom_stays_under_the_pointer_and_pixels_are_crisp(page: Page, photo: int):
    corner = place(page, 0.25, 0.25)
    pointer = (round(corner[0]), round(corner[1]))
    before = area(page, "photo")
    share = ((pointer[0] - before["x"]) / before["width"], (pointer[1] - before["y"]) / before["height"])
    zoom_in_at(page, pointer)
    assert place(page, *share) == pytest.approx(pointer, abs=1)
    page.keyboard.press("0")
    expect(page.locator("[data-zoom]")).to_have_text("100 %")
    for _ in range(3):
        page.keyboard.press("+")
    expect(page.locator("[data-photo]")).to_have_css("image-rendering", "auto")
    page.keyboard.press("+")
    assert scale(page) > 2
    expect(page.locator("[data-photo]")).to_have_css("image-rendering", "pixelated")


def test_space_and_the_middle_button_move_the_photo(page: Page, site: Site, photo: int):
    zoom_in_at(page, place(page, 0.5, 0.5))
    before = area(page, "photo")
    page.mouse.move(600, 400)
    page.mouse.down(button="middle")
    page.mouse.move(650, 430, steps=3)
    page.mouse.up(button="middle")
    page.keyboard.down(" ")
    page.mouse.down()
    page.mouse.move(700, 460, steps=3)
    page.mouse.up()
    page.keyboard.up(" ")
    after = area(page, "photo")
    assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx((100, 60), abs=1)
    expect(page.locator("[data-boxes] [data-box]")).to_have_count(1)  # neither drew, and Space did not verify
    expect(page.locator("[data-act=verify]")).to_have_attribute("aria-pressed", "false")


def test_the_minimap_shows_boxes_and_sight_and_leads_there(page: Page, photo: int, shoot):
    minimap = page.locator("[data-minimap]")
    expect(minimap).to_be_hidden()
    zoom_in_at(page, place(page, 0.9, 0.9))
    expect(minimap.locator("path:not(.sight)")).to_have_count(1)
    shoot(page, "minimap")
    page.mouse.move(*place(page, 0.6, 0.6, "minimap"))
    page.mouse.down()
    page.mouse.move(*place(page, 0.25, 0.25, "minimap"), steps=4)
    page.mouse.up()
    assert place(page, 0.25, 0.25) == pytest.approx(place(page, 0.5, 0.5, "stage"), abs=8)
    expect(page.locator("[data-boxes] [data-box]")).to_have_count(1)  # nothing was drawn under it
    page.keyboard.press("f")
    expect(minimap).to_be_hidden()


class Fingers:
    """Touches of a screen, as the browser gets them from the device."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)

    def send(self, kind: str, *points: Point) -> None:
        touches = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def drag(self, *paths: tuple[Point, Point], steps: int = 5) -> None:
        """Each finger from its first point to its second, all at once."""
        self.send("touchStart", *(start for start, _ in paths))
        for step in range(1, steps + 1):
            part = step / steps
            self.send("touchMove", *((a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part) for a, b in paths))
        self.send("touchEnd")


@pytest.fixture
def tablet(browser: Browser, page: Page) -> Iterator[Page]:
    """A tablet on which the same person is signed in."""
    state = page.context.storage_state()
    context: BrowserContext = browser.new_context(
        viewport={"width": 1024, "height": 768}, has_touch=True, is_mobile=True, storage_state=state
    )
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("pageerror", lambda error: pytest.fail(f"{page.url}: {error}"))
    yield page
    context.close()


def edges(box: dict[str, Any]) -> list[float]:
    return [box[name] for name in ("x1", "y1", "x2", "y2")]


def test_a_tablet_labels_by_touch(tablet: Page, site: Site, tmp_path: Path, shoot):
    (image,) = import_photos(site, tmp_path, f"Tablet {tmp_path.name}", 1)
    open_editor(tablet, site, image)
    fingers = Fingers(tablet)
    tablet.locator("[data-boxes] [data-box]").tap()
    tablet.locator("[data-act=delete]").tap()
    expect(tablet.locator("[data-boxes] [data-box]")).to_have_count(0)
    fingers.drag((place(tablet, 0.2, 0.2), place(tablet, 0.5, 0.5)))
    expect(tablet.locator("[data-boxes] [data-box]")).to_have_count(1)
    grip = tablet.locator(".grip").first.bounding_box()
    assert grip and grip["width"] >= 18
    assert tablet.evaluate("() => document.querySelector('[data-editor]').scrollWidth <= innerWidth")
    shoot(tablet, "tablet")
    expect_state(tablet, "Saved")
    drawn = edges(boxes_of(site, image)[0])
    assert drawn == pytest.approx([80, 60, 200, 150], abs=1)
    fingers.drag((place(tablet, 0.35, 0.35), place(tablet, 0.45, 0.35)))
    beside = place(tablet, 0.6, 0.5)
    fingers.drag(
        ((beside[0] + 15, beside[1] + 15), (beside[0] + 55, beside[1] + 35))
    )  # a finger's breadth off the grip
    expect_state(tablet, "Saved")
    moved = edges(boxes_of(site, image)[0])
    assert moved[:2] == pytest.approx([120, 60], abs=1)
    assert moved[2] > 250 and moved[3] > 155


def test_a_finger_that_rests_chooses_one_more(tablet: Page, site: Site, tmp_path: Path):
    (image,) = import_photos(site, tmp_path, f"Rest {tmp_path.name}", 1)
    open_editor(tablet, site, image)
    fingers, rows = Fingers(tablet), tablet.locator("[data-boxes] [data-box]")
    rows.tap()
    tablet.locator("[data-act=delete]").tap()
    for corner in (0.1, 0.6):
        fingers.drag((place(tablet, corner, corner), place(tablet, corner + 0.2, corner + 0.2)))
    expect(rows).to_have_count(2)
    chosen = tablet.locator("[data-boxes] [data-box][aria-pressed=true]")
    expect(chosen).to_have_count(1)  # the one drawn last
    fingers.send("touchStart", place(tablet, 0.2, 0.2))
    expect(chosen).to_have_count(2)
    fingers.send("touchEnd")
    expect_state(tablet, "Saved")
    before = sorted(edges(box) for box in boxes_of(site, image))
    fingers.drag((place(tablet, 0.2, 0.2), place(tablet, 0.25, 0.2)))
    expect_state(tablet, "Saved")
    after = sorted(edges(box) for box in boxes_of(site, image))
    shifts = [[new - old for new, old in zip(*pair, strict=True)] for pair in zip(after, before, strict=True)]
    assert shifts == [pytest.approx([20, 0, 20, 0], abs=1)] * 2
    fingers.send("touchStart", place(tablet, 0.2, 0.2))
    expect(chosen).to_have_count(1)
    fingers.send("touchEnd")


def test_two_fingers_zoom_and_move_and_draw_nothing(tablet: Page, site: Site, tmp_path: Path):
    (image,) = import_photos(site, tmp_path, f"Pinch {tmp_path.name}", 1)
    open_editor(tablet, site, image)
    before, start = scale(tablet), area(tablet, "photo")
    middle = place(tablet, 0.6, 0.6)

    def beside(offset: float, shift: float = 0) -> Point:
        return middle[0] + offset + shift, middle[1]

    fingers = Fingers(tablet)
    fingers.drag((beside(-50), beside(-100)), (beside(50), beside(100)))
    assert scale(tablet) == pytest.approx(2 * before, rel=0.03)
    assert place(tablet, 0.6, 0.6) == pytest.approx(middle, abs=3)
    expect(tablet.locator("[data-minimap]")).to_be_visible()
    fingers.drag((beside(-50), beside(-50, -80)), (beside(50), beside(50, -80)))
    assert place(tablet, 0.6, 0.6)[0] == pytest.approx(middle[0] - 80, abs=3)
    expect(tablet.locator("[data-boxes] [data-box]")).to_have_count(1)
    assert area(tablet, "photo")["width"] > start["width"]
