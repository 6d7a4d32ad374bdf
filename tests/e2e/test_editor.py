"""The label editor in a browser, through real pointer and key events: drawing, choosing, changing, walking, keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.labelling import boxes_of, draw, expect_state, import_photos, open_editor

pytestmark = pytest.mark.browser


@pytest.fixture
def photo(page: Page, site: Site, tmp_path: Path) -> int:
    (image,) = import_photos(site, tmp_path, f"Editor {tmp_path.name}", 1)
    open_editor(page, site, image)
    return image


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """A point of the page; x and y are shares of the photo."""
    area = page.locator("[data-photo]").bounding_box()
    assert area
    return area["x"] + area["width"] * x, area["y"] + area["height"] * y


def press_and_move(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def count(page: Page, number: int) -> None:
    expect(page.locator("[data-boxes] [data-box]")).to_have_count(number)


def chosen(page: Page) -> Any:
    return page.locator("[data-boxes] [aria-pressed=true]")


def saved(page: Page, site: Site, image: int) -> list[dict[str, Any]]:
    expect_state(page, "Saved")
    return boxes_of(site, image)


def clear(page: Page) -> None:
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    count(page, 0)


def test_every_way_to_draw(page: Page, site: Site, photo: int):
    clear(page)
    press_and_move(page, place(page, 0.1, 0.1), place(page, 0.3, 0.3))  # on empty space
    count(page, 1)
    page.keyboard.press("w")  # inside the box, by two clicks
    page.mouse.click(*place(page, 0.15, 0.15))
    page.mouse.click(*place(page, 0.25, 0.25))
    count(page, 2)
    page.keyboard.press("e")
    for point in ((0.6, 0.5), (0.5, 0.6), (0.6, 0.8), (0.7, 0.6)):
        page.mouse.click(*place(page, *point))
    count(page, 3)
    page.keyboard.down("Control")
    press_and_move(page, place(page, 0.75, 0.1), place(page, 0.85, 0.15))
    page.keyboard.up("Control")
    page.keyboard.press("i")
    count(page, 5)
    boxes = saved(page, site, photo)
    first, inner, extreme, square = boxes[:4]
    assert first["x1"] < inner["x1"] < inner["x2"] < first["x2"]
    assert extreme["x1"] < extreme["x2"] and extreme["y1"] < extreme["y2"]
    assert square["x2"] - square["x1"] == pytest.approx(square["y2"] - square["y1"], abs=0.11)


def test_moving_resizing_undoing_across_saves(page: Page, site: Site, photo: int):
    clear(page)
    press_and_move(page, place(page, 0.3, 0.3), place(page, 0.5, 0.5))
    (before,) = saved(page, site, photo)
    press_and_move(page, place(page, 0.4, 0.4), place(page, 0.5, 0.4))
    (moved,) = saved(page, site, photo)
    assert moved["x1"] > before["x1"] and moved["y1"] == pytest.approx(before["y1"], abs=0.5)
    press_and_move(page, place(page, 0.6, 0.5), place(page, 0.7, 0.6))  # the lower right grip
    for key in ("ArrowRight", "Shift+ArrowDown", "Alt+ArrowRight"):
        page.keyboard.press(key)
    (changed,) = saved(page, site, photo)
    assert changed["x2"] - changed["x1"] > moved["x2"] - moved["x1"] + 1
    for _ in range(5):
        page.keyboard.press("Control+z")
    assert saved(page, site, photo)[0]["x1"] == before["x1"]
    page.keyboard.press("Control+z")
    count(page, 0)
    for _ in range(6):
        page.keyboard.press("Control+y")
    (again,) = saved(page, site, photo)
    assert [again[edge] for edge in ("x1", "y1", "x2", "y2")] == [changed[edge] for edge in ("x1", "y1", "x2", "y2")]


def test_several_boxes_at_once(page: Page, site: Site, photo: int):
    clear(page)
    for x in (0.1, 0.4, 0.7):
        press_and_move(page, place(page, x, 0.2), place(page, x + 0.15, 0.4))
    page.mouse.click(*place(page, 0.15, 0.3))
    page.keyboard.down("Shift")
    page.mouse.click(*place(page, 0.45, 0.3))
    page.keyboard.up("Shift")
    expect(chosen(page)).to_have_count(2)
    page.keyboard.press("t")
    page.keyboard.press("2")
    page.keyboard.press("b")
    count(page, 5)
    page.keyboard.press("Delete")
    count(page, 3)
    boxes = saved(page, site, photo)
    assert [box["truncated"] for box in boxes] == [True, True, False]
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    count(page, 6)


def test_locked_and_hidden_boxes(page: Page, photo: int):
    page.keyboard.press("Tab")
    page.keyboard.press("k")
    page.keyboard.press("Delete")
    expect(page.locator("[data-hint]")).to_contain_text("locked")
    count(page, 1)
    page.keyboard.press("k")
    page.keyboard.press("h")
    expect(page.locator(".mark")).to_be_hidden()
    page.keyboard.press("Shift+h")
    expect(page.locator(".mark")).to_be_visible()


def test_a_class_is_typed_where_the_pointer_is(page: Page, site: Site, photo: int):
    page.mouse.move(*place(page, 0.5, 0.5))
    page.keyboard.press("q")
    draw(page, 0.6, 0.6)
    dialog = page.locator("[data-class-dialog]")
    expect(dialog).to_be_visible()
    area, stage = dialog.bounding_box(), page.locator("[data-stage]").bounding_box()
    assert area and stage and area["x"] > stage["x"] + stage["width"] * 0.6
    page.keyboard.press("Enter")  # the same as last
    expect(dialog).to_be_hidden()
    count(page, 2)
