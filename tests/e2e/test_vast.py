"""A photo of 12,000 x 12,000 pixels in the editor: shown, zoomed, and labelled to the pixel."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image as Pillow
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.labelling import boxes_of, command, expect_state, open_editor

pytestmark = pytest.mark.browser
SIDE = 12_000
ALL_THERE = """() => [...document.querySelectorAll("[data-pieces] img")].every(
  (piece) => piece.complete && piece.naturalWidth)"""
OBJECT = (9_000, 10_000, 9_200, 10_150)


def spot(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the photo lies on the page."""
    area = page.locator("[data-photo]").bounding_box()
    assert area
    return area["x"] + area["width"] * x / SIDE, area["y"] + area["height"] * y / SIDE


def colour_at(page: Page, x: float, y: float) -> tuple[int, ...]:
    left, top = spot(page, x, y)
    shot = page.screenshot(clip={"x": round(left), "y": round(top), "width": 1, "height": 1})
    return Pillow.open(io.BytesIO(shot)).convert("RGB").getpixel((0, 0))  # type: ignore[return-value]


def test_the_largest_photo_is_shown_zoomed_and_labelled(page: Page, site: Site, tmp_path: Path, shoot):
    photo = Pillow.new("RGB", (SIDE, SIDE), (230, 230, 220))
    photo.paste((200, 30, 30), OBJECT)
    photo.save(tmp_path / "vast.jpg", quality=90)
    name = f"Vast {tmp_path.name}"
    command(site, "import_dataset", str(tmp_path), "--dataset", name)
    command(site, "edit_classes", name, "--add", "crater")
    (image,) = (each["id"] for each in command(site, "edit_images", name, "list")["images"])
    open_editor(page, site, image)
    page.wait_for_function("() => document.querySelector('[data-photo]').naturalWidth === 3000")
    assert colour_at(page, 9_100, 10_075) == pytest.approx((200, 30, 30), abs=12)
    page.mouse.move(*(round(value) for value in spot(page, 9_100, 10_075)))
    for _ in range(4):
        page.mouse.wheel(0, -400)
    pieces = page.locator("[data-pieces] img")
    expect(pieces).not_to_have_count(0)
    page.wait_for_function(ALL_THERE)
    for inside, outside in (((9_004, 10_004), (8_996, 9_996)), ((9_196, 10_146), (9_204, 10_154))):
        assert colour_at(page, *inside) == pytest.approx((200, 30, 30), abs=12)
        assert colour_at(page, *outside) == pytest.approx((230, 230, 220), abs=12)
    page.keyboard.press("w")
    page.mouse.move(*spot(page, *OBJECT[:2]))
    page.mouse.down()
    page.mouse.move(*spot(page, *OBJECT[2:]), steps=5)
    page.mouse.up()
    shoot(page, "vast")
    expect_state(page, "Saved")
    (box,) = boxes_of(site, image)
    assert [box[edge] for edge in ("x1", "y1", "x2", "y2")] == pytest.approx(OBJECT, abs=1)
