"""More of the editor through real pointer and key events: boxes over each other, grips, guides, classes, copies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.labelling import boxes_of, command, expect_state, import_photos, open_editor

pytestmark = pytest.mark.browser
#: Each grip's place on a box, and which of the edges x1, y1, x2, y2 follow it when it is dragged right and down.
GRIPS = {
    "nw": (0.0, 0.0, (1, 1, 0, 0)),
    "n": (0.5, 0.0, (0, 1, 0, 0)),
    "ne": (1.0, 0.0, (0, 1, 1, 0)),
    "e": (1.0, 0.5, (0, 0, 1, 0)),
    "se": (1.0, 1.0, (0, 0, 1, 1)),
    "s": (0.5, 1.0, (0, 0, 0, 1)),
    "sw": (0.0, 1.0, (1, 0, 0, 1)),
    "w": (0.0, 0.5, (1, 0, 0, 0)),
}


@pytest.fixture
def photos(page: Page, site: Site, tmp_path: Path) -> list[int]:
    """Two photos of 400 x 300 with a box each; the second is open, without its box."""
    name = f"Editing {tmp_path.name}"
    images = import_photos(site, tmp_path, name, 2)
    label_map = tmp_path / "more.pbtxt"
    label_map.write_text("".join(f"item {{ id: {n} name: 'class {n}' }}\n" for n in range(2, 13)))
    command(site, "edit_classes", name, "--read", str(label_map))
    open_editor(page, site, images[1])
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    return images


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the photo lies on the page."""
    area = page.locator("[data-photo]").bounding_box()
    assert area
    return area["x"] + area["width"] * x / 400, area["y"] + area["height"] * y / 300


def drag(page: Page, start: tuple[float, float], end: tuple[float, float], *, lets_go: bool = True) -> None:
    page.mouse.move(*at(page, *start))
    page.mouse.down()
    page.mouse.move(*at(page, *end), steps=4)
    if lets_go:
        page.mouse.up()


def draw(page: Page, x1: float, y1: float, x2: float, y2: float) -> None:
    page.keyboard.press("w")
    drag(page, (x1, y1), (x2, y2))


def saved(page: Page, site: Site, image: int) -> list[dict[str, Any]]:
    expect_state(page, "Saved")
    return boxes_of(site, image)


def edges(box: dict[str, Any]) -> list[float]:
    return [box[edge] for edge in ("x1", "y1", "x2", "y2")]


def chosen_size(page: Page) -> Any:
    return page.locator("[data-boxes] [aria-pressed=true] .num")


def test_boxes_over_each_other_are_reached_by_clicks_and_relabelled_by_a_double_click(page: Page, photos: list[int]):
    for side in (240, 160, 80):
        draw(page, 200 - side / 2, 150 - side / 2, 200 + side / 2, 150 + side / 2)
    page.keyboard.press("Escape")
    middle = at(page, 205, 155)
    for side in (80, 160, 240, 80):  # the smallest first, then what lies under it, and around
        page.mouse.click(*middle)
        expect(chosen_size(page)).to_have_text(f"{side} × {side}")
    page.keyboard.press("c")
    expect(chosen_size(page)).to_have_text("160 × 160")
    page.mouse.dblclick(*middle)
    dialog = page.locator("[data-class-dialog]")
    expect(dialog).to_be_visible()
    expect(chosen_size(page)).to_have_text("160 × 160")
    dialog.get_by_role("combobox").fill("class 12")
    page.keyboard.press("Enter")
    expect(page.locator("[data-boxes] [aria-pressed=true]")).to_contain_text("class 12")
    expect(page.locator("[data-boxes] [data-box]", has_text="class 12")).to_have_count(1)
    page.keyboard.press("Escape")
    page.mouse.dblclick(*middle)
    expect(chosen_size(page)).to_have_text("80 × 80")


def test_each_of_the_eight_grips_moves_its_edges(page: Page, site: Site, photos: list[int]):
    before = [100, 80, 260, 200]
    draw(page, *before)
    for x, y, follows in GRIPS.values():
        grip = (100 + 160 * x, 80 + 120 * y)
        drag(page, grip, (grip[0] + 20, grip[1] + 10))
        moved = [edge + step * part for edge, step, part in zip(before, (20, 10, 20, 10), follows, strict=True)]
        (box,) = saved(page, site, photos[1])
        assert edges(box) == pytest.approx(moved, abs=1.1)
        page.keyboard.press("Control+z")
    assert edges(saved(page, site, photos[1])[0]) == pytest.approx(before, abs=1)


def test_guides_and_size_are_seen_while_drawing_and_edges_snap(page: Page, site: Site, photos: list[int], shoot):
    page.keyboard.press("w")
    page.mouse.move(*at(page, 100, 100))
    assert page.locator(".cross").get_attribute("d")
    drag(page, (1.5, 298), (120, 200), lets_go=False)
    expect(page.locator(".mark.live text")).to_have_text("bb8 · 120 × 100")
    shoot(page, "drawing")
    page.mouse.up()
    assert not page.locator(".cross").get_attribute("d")
    draw(page, 300, 100, 398.5, 1.5)
    first, second = saved(page, site, photos[1])
    assert edges(first) == pytest.approx([0, 200, 120, 300], abs=0.6)
    assert (first["x1"], first["y2"], second["y1"], second["x2"]) == (0, 300, 0, 400)


def test_arrow_keys_by_one_and_ten_pixels(page: Page, site: Site, photos: list[int]):
    draw(page, 100, 100, 200, 180)
    (start,) = saved(page, site, photos[1])
    for key in ("ArrowRight", "Shift+ArrowRight", "ArrowUp", "Shift+ArrowDown", "Alt+ArrowLeft", "Alt+Shift+ArrowDown"):
        page.keyboard.press(key)
    (box,) = saved(page, site, photos[1])
    steps = [11, 9, 10, 19]
    assert edges(box) == pytest.approx([edge + step for edge, step in zip(edges(start), steps, strict=True)], abs=0.01)


def test_classes_beyond_the_ninth_have_keys_and_the_last_class_comes_again(page: Page, site: Site, photos: list[int]):
    rows = page.locator("[data-classes] button")
    expect(rows.nth(9).locator("kbd")).to_have_text("⇧ 1")
    page.keyboard.press("Shift+Digit1")
    draw(page, 50, 50, 100, 100)
    page.keyboard.press("Escape")  # else the key would change the chosen box
    page.keyboard.press("2")
    draw(page, 150, 50, 200, 100)
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Digit3")
    draw(page, 250, 50, 300, 100)
    page.mouse.click(*at(page, 75, 75))
    page.keyboard.press("r")  # the class of the last box
    names = page.locator("[data-boxes] [data-box]")
    for place, name in enumerate(("class 12", "class 2", "class 12")):
        expect(names.nth(place)).to_contain_text(name)
    for key in ("x", "t", "o"):
        page.keyboard.press(key)
    first = saved(page, site, photos[1])[0]
    assert (first["difficult"], first["truncated"], first["occluded"]) == (True, True, True)


def test_boxes_of_the_photo_before_are_copied_and_undone_as_one(page: Page, site: Site, photos: list[int]):
    (before,) = boxes_of(site, photos[0])
    page.keyboard.press("p")
    expect(page.locator("[data-hint]")).to_have_text("Copied one box of the photo before.")
    (box,) = saved(page, site, photos[1])
    assert edges(box) == edges(before)
    assert (box["class_id"], box["id"] == before["id"]) == (before["class_id"], False)
    page.keyboard.press("Control+z")
    assert saved(page, site, photos[1]) == []
    open_editor(page, site, photos[0])
    page.keyboard.press("p")
    expect(page.locator("[data-hint]")).to_have_text("There is no photo before this one.")


def test_zoom_to_the_box_and_light(page: Page, photos: list[int]):
    draw(page, 100, 100, 140, 130)
    page.keyboard.press("z")
    box, stage = page.locator(".mark.on .box").bounding_box(), page.locator("[data-stage]").bounding_box()
    assert box and stage
    assert max(box["width"] / stage["width"], box["height"] / stage["height"]) == pytest.approx(0.6, abs=0.03)
    page.keyboard.press("f")
    for key in ("]", "}", "v"):
        page.keyboard.press(key)
    expect(page.locator("[data-photo]")).to_have_css("filter", "brightness(1.15) contrast(1.15) invert(1)")
    page.keyboard.press("\\")
    expect(page.locator("[data-photo]")).to_have_css("filter", "none")
