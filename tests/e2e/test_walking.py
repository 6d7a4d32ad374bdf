"""From photo to photo without loading a page: the address, the boxes, the saves and the steps follow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.labelling import boxes_of, command, draw, expect_state, import_photos, open_editor
from tests.factories import picture_bytes
from tests.voc import voc_xml

pytestmark = pytest.mark.browser


@pytest.fixture
def photos(page: Page, site: Site, tmp_path: Path) -> list[int]:
    images = import_photos(site, tmp_path, f"Walk {tmp_path.name}", 4)
    open_editor(page, site, images[0])
    page.evaluate("window.isTheSamePage = true")
    return images


def on_photo(page: Page, image: int) -> None:
    page.locator(f"[data-image='{image}'][data-ready=true]").wait_for()
    assert f"/images/{image}/" in page.url and page.evaluate("window.isTheSamePage")


def count(page: Page, number: int) -> None:
    expect(page.locator("[data-boxes] [data-box]")).to_have_count(number)
    expect(page.locator("svg .mark")).to_have_count(number)


def test_everything_follows_the_photo(page: Page, photos: list[int]):
    page.keyboard.press("d")
    on_photo(page, photos[1])
    expect(page).to_have_title(re.compile("^photo 1.jpg"))
    expect(page.get_by_role("heading", level=1)).to_have_text("photo 1.jpg")
    expect(page.locator(".editor-bar")).to_contain_text("2 of 4")
    expect(page.locator(".strip [aria-current]")).to_have_count(1)
    expect(page.locator("[data-photo]")).to_have_attribute("alt", "photo 1.jpg")
    expect(page.locator("[data-canvas]")).to_be_focused()
    page.locator(".strip a").nth(3).click()
    on_photo(page, photos[3])
    page.keyboard.press("d")
    expect(page.locator("[data-hint]")).to_have_text("This is the last photo.")
    page.keyboard.press("a")
    on_photo(page, photos[2])


def test_back_and_forward_and_the_filter(page: Page, site: Site, photos: list[int]):
    page.goto(f"{site.url}/datasets/images/{photos[0]}/?sort=name")
    page.evaluate("window.isTheSamePage = true")
    page.keyboard.press("d")
    on_photo(page, photos[1])
    page.keyboard.press("d")
    on_photo(page, photos[2])
    assert page.url.endswith("/?sort=name")
    page.go_back()
    on_photo(page, photos[1])
    page.go_back()
    on_photo(page, photos[0])
    page.go_forward()
    on_photo(page, photos[1])
    page.reload()
    page.locator(f"[data-image='{photos[1]}'][data-ready=true]").wait_for()


def test_a_photo_is_left_before_it_is_saved(page: Page, site: Site, photos: list[int]):
    draw(page, 0.6, 0.6)
    page.keyboard.press("d")
    on_photo(page, photos[1])
    draw(page, 0.6, 0.6)
    draw(page, 0.2, 0.6)
    page.keyboard.press("a")
    on_photo(page, photos[0])
    count(page, 2)
    page.keyboard.press("d")
    on_photo(page, photos[1])
    count(page, 3)
    expect_state(page, "Saved")
    assert [len(boxes_of(site, image)) for image in photos] == [2, 3, 1, 1]


def test_steps_are_taken_back_over_photos(page: Page, site: Site, photos: list[int]):
    draw(page, 0.6, 0.6)
    page.keyboard.press("d")
    on_photo(page, photos[1])
    draw(page, 0.6, 0.6)
    page.keyboard.press("d")
    on_photo(page, photos[2])
    count(page, 1)
    page.keyboard.press("Control+z")
    on_photo(page, photos[1])
    expect(page.locator("[data-hint]")).to_have_text("Undid on photo 1.jpg: draw box")
    count(page, 1)
    page.keyboard.press("Control+z")
    on_photo(page, photos[0])
    count(page, 1)
    expect(page.locator("[data-act=undo]")).to_be_disabled()
    page.keyboard.press("Control+y")
    count(page, 2)
    page.keyboard.press("Control+y")
    on_photo(page, photos[1])
    count(page, 2)
    expect_state(page, "Saved")
    assert [len(boxes_of(site, image)) for image in photos] == [2, 2, 1, 1]


def test_saves_of_a_photo_that_was_left_go_on_when_the_server_is_back(page: Page, site: Site, photos: list[int]):
    page.route("**/operations", lambda route: route.abort())
    draw(page, 0.6, 0.6)
    expect_state(page, "Not saved")
    page.keyboard.press("d")
    on_photo(page, photos[1])
    expect(page.locator("#messages")).to_contain_text("photo 0.jpg is not saved yet")
    page.unroute("**/operations")
    expect(page.locator("#messages")).to_contain_text("photo 0.jpg is saved now.")
    assert len(boxes_of(site, photos[0])) == 2


def test_keys_and_lists_act_on_the_photo_that_is_shown(page: Page, site: Site, photos: list[int]):
    for image in photos[1:3]:
        page.keyboard.press("d")
        on_photo(page, image)
    page.keyboard.press("Tab")
    page.keyboard.press("x")
    page.keyboard.press("Control+e")
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    on_photo(page, photos[0])
    expect(page.locator("[data-act='flag:difficult']")).to_be_disabled()
    assert [box["difficult"] for image in photos for box in boxes_of(site, image)] == [False, False, True, False]


MOST_ACTIONS = 12


def two_classes(site: Site, folder: Path) -> list[int]:
    for number, boxes in enumerate(([], [("bb8", 10, 20, 110, 80), ("r2d2", 10, 20, 110, 80)])):
        (folder / f"photo {number}.jpg").write_bytes(picture_bytes())
        (folder / f"photo {number}.xml").write_bytes(voc_xml(boxes=boxes))
    name = f"Loop {folder.name}"
    command(site, "import_dataset", str(folder), "--dataset", name)
    return [image["id"] for image in command(site, "edit_images", name, "list")["images"]]


def test_a_photo_takes_twelve_actions_at_most(page: Page, site: Site, tmp_path: Path):
    first, second = two_classes(site, tmp_path)
    open_editor(page, site, first)
    page.evaluate("window.isTheSamePage = true")
    area = page.locator("[data-photo]").bounding_box()
    assert area
    actions = 1  # opening it
    for share in (0.1, 0.4, 0.7):
        page.mouse.move(area["x"] + area["width"] * share, area["y"] + area["height"] * 0.2)
        page.mouse.down()
        page.mouse.move(area["x"] + area["width"] * (share + 0.2), area["y"] + area["height"] * 0.5, steps=3)
        page.mouse.up()
        page.keyboard.press("2")
        actions += 2
    page.keyboard.press("d")
    actions += 1
    on_photo(page, second)
    page.keyboard.press("a")
    on_photo(page, first)
    expect_state(page, "Saved")
    boxes, other = boxes_of(site, first), boxes_of(site, second)
    assert len(boxes) == 3 and {box["class_id"] for box in boxes} == {other[1]["class_id"]}
    assert actions <= MOST_ACTIONS


def test_a_photo_is_labelled_by_the_keyboard_alone(page: Page, site: Site, tmp_path: Path):
    first, second = two_classes(site, tmp_path)
    open_editor(page, site, first)
    page.evaluate("window.isTheSamePage = true")
    keys = ["i", "Shift+ArrowRight", "2", "i", "Shift+ArrowLeft", "1", "i", "Shift+ArrowUp", "2", "d"]
    for key in keys:
        page.keyboard.press(key)
    on_photo(page, second)
    page.keyboard.press("a")
    on_photo(page, first)
    expect_state(page, "Saved")
    boxes, other = boxes_of(site, first), boxes_of(site, second)
    classes = [box["class_id"] for box in other]
    assert [box["class_id"] for box in boxes] == [classes[1], classes[0], classes[1]]
    assert boxes[0]["x1"] - boxes[1]["x1"] == pytest.approx(20) and boxes[2]["y1"] < boxes[0]["y1"]
    assert 1 + len(keys) <= MOST_ACTIONS
