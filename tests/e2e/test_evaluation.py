"""The page of an evaluation in a browser: sliders, the matrix, a curve, a crop, and the editor behind it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.labelling import import_photos
from tests.e2e.models import make_model, run_here

pytestmark = pytest.mark.browser

#: Every photo has a BB-8 and an R2-D2.
BOXES: list[tuple[object, ...]] = [("bb8", 10, 20, 110, 80), ("r2d2", 10, 150, 110, 280)]
#: Finds every BB-8 and draws an R2-D2 where there is none.
HALF_RIGHT = [("bb8", 0.9, 10 / 400, 20 / 300, 110 / 400, 80 / 300), ("r2d2", 0.6, 0.7, 0.7, 0.95, 0.95)]


@pytest.fixture
def evaluation(page: Page, site: Site, tmp_path: Path) -> Page:
    """Four photos with the same labels, and a model that is half right."""
    name = f"Evaluated {tmp_path.name}"
    import_photos(site, tmp_path, name, 4, BOXES)
    number = run_here(site, "evaluated", make_model(site, name, HALF_RIGHT)["model"])
    page.goto(f"{site.url}/detections/evaluations/{number}/")
    expect(page.locator("[data-curve-chart] path.line").first).to_be_attached()
    return page


def move(page: Page, slider: str, value: str) -> None:
    page.locator(f"#{slider}").fill(value)


def test_sliders_move_figures_matrix_and_gallery_together(evaluation: Page):
    page = evaluation
    page.evaluate("window.neverReloaded = true")
    precision, cells = page.locator("[data-figure=precision]"), page.locator(".matrix .cell")
    expect(precision).to_have_text("50.0 %")
    background = page.get_by_role("link", name=re.compile("where there is none"))
    expect(background).to_be_visible()
    move(page, "score", "0.7")
    expect(precision).to_have_text("100.0 %")
    expect(background).to_have_count(0)
    expect(page.locator("#instrument .caption", has_text="0.60")).to_have_count(0)
    expect(page).to_have_url(re.compile("score=0.7"))
    before = cells.count()
    move(page, "score", "0.95")
    expect(page.locator("[data-figure=recall]")).to_have_text("0.0 %")
    assert cells.count() <= before
    expect(page.get_by_text("found at 0.90 only").first).to_be_visible()
    assert page.evaluate("window.neverReloaded")


def test_a_cell_of_the_matrix_shows_exactly_its_boxes_and_a_curve_sets_the_score(evaluation: Page):
    page = evaluation
    cell = page.locator(".matrix .cell.right").first
    count = int(cell.inner_text())
    cell.click()
    expect(page.locator(".matrix .cell[aria-current]")).to_have_count(1)
    expect(page.locator("#gallery .tile")).to_have_count(count)
    expect(page.locator("#gallery .tile .chip").first).to_have_text("Found")
    page.go_back()
    expect(page.locator(".matrix .cell[aria-current]")).to_have_count(0)
    page.locator("[data-name=f1] svg.pickable").click(position={"x": 5, "y": 120})
    expect(page.locator("#score")).to_have_value("0.6")


def test_a_point_of_a_curve_shows_exactly_the_boxes_that_count_there(evaluation: Page):
    page = evaluation
    chart = page.locator("[data-name=f1] svg.pickable")
    # of two BB-8 at 0.9 and two false R2-D2 at 0.6, all together
    chart.click(position={"x": 5, "y": 120})
    expect(page.get_by_role("link", name="Boxes that count 4")).to_have_attribute("aria-current", "true")
    expect(page.locator("#gallery .tile")).to_have_count(4)
    expect(page.locator("#gallery .tile .caption", has_text="0.60")).to_have_count(2)
    # when the keyboard goes to the other end of the curve and chooses
    chart.focus()
    page.keyboard.press("End")
    expect(chart).to_have_attribute("aria-valuetext", re.compile(r"^All together: F1 .* at Score 0\.9, score 0\.9$"))
    page.keyboard.press("Enter")
    # then only those from there on are shown, and the slider stands there
    expect(page.locator("#gallery .tile")).to_have_count(2)
    expect(page.locator("#gallery .tile .caption", has_text="0.90")).to_have_count(2)
    expect(page.locator("#score")).to_have_value(re.compile(r"0\.(9|89)"))
    # and a curve of one class shows that class alone
    page.locator("[data-name=f1] .legend button", has_text="All together").click()
    chart.focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.locator("#instrument select[name=class]")).not_to_have_value("")
    expect(page.locator("#gallery .tile")).to_have_count(2)
    # the slider leaves the point
    move(page, "score", "0.3")
    expect(page.get_by_role("link", name="Leave this point of the curve")).to_have_count(0)


def test_a_crop_opens_the_editor_on_its_label_and_the_fix_can_be_measured(evaluation: Page, site: Site):
    page = evaluation
    page.get_by_role("link", name=re.compile(r"^Found \d")).click()
    page.locator("#gallery .tile a").first.click()
    editor = page.locator("[data-editor][data-ready]")
    expect(editor).to_be_visible()
    expect(page.locator("[data-boxes] [data-box][aria-pressed=true]")).to_have_count(1)
    page.go_back()
    page.get_by_role("button", name="Measure again with today's labels").click()
    expect(page.get_by_text("labels as they were")).to_be_visible(timeout=60_000)
    expect(page.locator("[data-figure=precision]")).to_be_visible(timeout=60_000)
