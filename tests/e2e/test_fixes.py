"""Label mistakes answered by single keys, then the closed loop: a version with the fixes, a training, a comparison."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Page, expect

from tests.datasets.sources.films import SIZE, pan
from tests.e2e.conftest import Site
from tests.e2e.labelling import boxes_of, command, expect_state
from tests.e2e.models import make_model
from tests.voc import voc_xml

pytestmark = [pytest.mark.browser, pytest.mark.training]
TRAINING_MS = 300_000

BB8, R2D2 = (10, 12, 50, 60), (90, 40, 130, 110)
LABELS = [("bb8", *BB8), ("r2d2", *R2D2)]
#: The model sees both where they are.
SEEN = [
    (name, score, x1 / SIZE[0], y1 / SIZE[1], x2 / SIZE[0], y2 / SIZE[1])
    for (name, x1, y1, x2, y2), score in zip(LABELS, (0.95, 0.9), strict=True)
]
#: Labels of photos that come after the version: one of the wrong class, one badly placed, one missing.
WRONG = [("r2d2", *BB8), ("r2d2", *R2D2)]
MOVED = [("bb8", 26, 24, 66, 72), ("r2d2", *R2D2)]
MISSING = [("bb8", *BB8)]


@pytest.fixture
def search(page: Page, site: Site, tmp_path: Path) -> Page:
    """The queue of a search on photos that the model has not learnt from."""
    frames = pan(20, step=SIZE[0])
    write_photos(site, tmp_path / "old", frames[:8], [LABELS] * 8)
    make_model(site, "Droids to judge", SEEN, name="Judge", steps=2, batch_size=2, input_size=160)
    write_photos(site, tmp_path / "new", frames[8:], [WRONG, MOVED, MISSING, *[LABELS] * 9])
    page.goto(f"{site.url}/detections/mistakes/")
    page.get_by_label("Model", exact=True).select_option(label="Judge")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("[data-mistake]")).to_be_visible(timeout=120_000)
    return page


def write_photos(site: Site, folder: Path, frames: list, labels: list) -> None:
    folder.mkdir()
    for n, (frame, boxes) in enumerate(zip(frames, labels, strict=True)):
        name = f"{folder.name} {n}"
        cv2.imwrite(str(folder / f"{name}.jpg"), frame)
        (folder / f"{name}.xml").write_bytes(voc_xml(f"{name}.jpg", SIZE, boxes))
    command(site, "import_dataset", str(folder), "--dataset", "Droids to judge")


def test_mistakes_are_answered_by_single_keys_and_the_fixes_are_trained(search: Page, site: Site, shoot):
    page, queue = search, search.url
    images = {row["file_name"]: row["id"] for row in command(site, "edit_images", "Droids to judge", "list")["images"]}
    shoot(page, "mistakes")
    answer_by_keys(page, site, images, shoot)
    page.goto(queue)
    expect(page.get_by_text("Nothing is left to answer")).to_be_visible()
    expect_figures(page, answered="3", open_="0", share="66.7 %")
    page.get_by_role("link", name="Train with the fixes").click()
    close_the_loop(page, shoot)


def answer_by_keys(page: Page, site: Site, images: dict[str, int], shoot) -> None:
    queue, question = page.url, page.locator("#question")
    # n: later, the next comes without an answer
    first = question.inner_text()
    page.keyboard.press("n")
    expect(question).not_to_have_text(first)
    expect_figures(page, answered="0", open_="3", share="–")
    # t: the model's box is saved as any edit is; z: it is taken back, and asked about again
    page.get_by_role("navigation", name="Kind of mistake").get_by_role("link", name="Badly placed").click()
    expect(question).to_have_text("Is the box badly placed?")
    for key, left, answered in (("t", BB8[0], "1"), ("z", MOVED[0][1], "0"), ("t", BB8[0], "1")):
        page.keyboard.press(key)
        expect_figures(page, answered=answered, open_=str(3 - int(answered)), share="–" if key == "z" else "100.0 %")
        (box,) = [box for box in boxes_of(site, images["new 1.jpg"]) if box["x1"] < 80]
        assert box["x1"] == pytest.approx(left, abs=0.1)
    # e: the editor opens on the box; r: the label is right and stays
    page.goto(queue)
    for _ in range(2):
        missing = "missing" in (question.text_content() or "")
        page.keyboard.press("r" if missing else "e")
        if missing:
            expect_figures(page, answered=re.compile("^[23]$"))
        else:
            page.locator("[data-ready=true]").wait_for()
            expect(page.locator("[data-boxes] [data-box][aria-pressed=true]")).to_have_count(1)
            shoot(page, "mistakes-editor")
            page.keyboard.press("1")  # the first class
            expect_state(page, "Saved")
            assert len({box["class_id"] for box in boxes_of(site, images["new 0.jpg"])}) == 2
            page.goto(queue)
    assert len(boxes_of(site, images["new 2.jpg"])) == 1


def expect_figures(page: Page, answered: str | re.Pattern[str], open_: str = "", share: str = "") -> None:
    figures = page.get_by_role("region", name="Yield").locator("b")
    expect(figures.nth(2)).to_have_text(answered)
    if open_:
        expect(figures.nth(1)).to_have_text(open_)
        expect(figures.nth(3)).to_have_text(share)


def close_the_loop(page: Page, shoot) -> None:
    shoot(page, "loop-start")
    page.get_by_role("button", name="New version with these fixes").click()
    expect(page.get_by_text("the same images in test as before")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Retrain like")).click()
    both = page.get_by_role("button", name="Evaluate both")
    both.wait_for(timeout=TRAINING_MS)
    both.click()
    compare = page.get_by_role("link", name="Compare the two").first
    compare.wait_for(timeout=120_000)
    rows = page.locator("table.compact tbody tr")
    expect(rows).to_have_count(2)
    # the model sees exactly what the labels say, on the same test images
    expect(rows.first).to_contain_text("100.0 %")
    shoot(page, "loop-done")
    compare.click()
    expect(page.locator("main")).to_contain_text("Judge")
    expect(page.locator("main")).to_contain_text("Droids to judge v2")
    shoot(page, "loop-compared")
