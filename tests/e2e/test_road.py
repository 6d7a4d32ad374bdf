"""The whole road in a browser: sign in, import, fix a box, freeze, train, watch, evaluate, look."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from datasets.demo.export import write_demo_zip

pytestmark = [pytest.mark.browser, pytest.mark.training]
TRAINING_MS = 600_000


@pytest.fixture(scope="module")
def demo_zip(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "droids.zip"
    write_demo_zip(path, count=24)
    return path


def test_the_whole_road(page: Page, site, demo_zip, shoot):
    import_the_zip(page, site, demo_zip, shoot)
    fix_a_box(page, shoot)
    freeze_a_version(page, site, shoot)
    train(page, shoot)
    evaluate(page, shoot)
    try_it(page, demo_zip, shoot)


def import_the_zip(page: Page, site, demo_zip: Path, shoot) -> None:
    shoot(page, "01-home-empty")
    page.get_by_role("link", name="New dataset").click()
    page.get_by_label("Name").fill("Road test")
    page.get_by_role("button", name="Make the dataset").click()
    page.locator("input[data-send]:not([webkitdirectory])").set_input_files(demo_zip)
    page.get_by_role("button", name="Import at once").click()
    expect(page.locator("#job-status")).to_contain_text("24 images", timeout=60_000)
    shoot(page, "02-import-report")
    page.get_by_role("link", name="Go to its page").click()
    expect(page.locator("[data-grid] .photo")).to_have_count(24)
    shoot(page, "03-grid")


def fix_a_box(page: Page, shoot) -> None:
    page.locator("[data-grid] .photo").nth(1).click()
    stage = page.locator(".stage").first
    page.locator("[data-ready=true]").wait_for()  # the page is there before its script has wired it
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    area = stage.bounding_box()
    assert area
    page.keyboard.press("w")
    page.mouse.move(area["x"] + area["width"] * 0.35, area["y"] + area["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.5, area["y"] + area["height"] * 0.5, steps=5)
    with page.expect_response(re.compile(r"/operations$")) as answer:
        page.mouse.up()
    (drawn,) = answer.value.request.post_data_json["operations"]
    assert answer.value.status == 200 and drawn["was"] is None
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    shoot(page, "04-editor")
    with page.expect_response(re.compile(r"/operations$")) as answer:
        page.keyboard.press("Control+z")
    assert answer.value.request.post_data_json["operations"] == [{"id": drawn["id"], "box": None, "was": drawn["box"]}]
    page.get_by_role("link", name="Road test").first.click()


def freeze_a_version(page: Page, site, shoot) -> None:
    page.get_by_role("link", name="Freeze a version").click()
    page.get_by_label("Split").fill("0.6,0.2,0.2")
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_role("heading", name="Road test v1")).to_be_visible()
    shoot(page, "05-version")


def train(page: Page, shoot) -> None:
    page.get_by_role("link", name="Train on this version").click()
    page.get_by_label("How long (steps)").fill("20")
    page.get_by_label("Name").fill("First try")
    page.get_by_text("Expert settings").click()
    page.get_by_label("Input size").select_option("160")
    page.get_by_label("Batch size").fill("4")
    shoot(page, "06-new-run")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_role("heading", name="First try")).to_be_visible()
    page.evaluate("window.neverReloaded = true")
    loss = page.locator("[data-line-chart]", has_text="Total loss").locator("svg[role=img] path.line").first
    expect(loss).to_have_count(0)
    expect(loss).to_be_attached(timeout=TRAINING_MS)
    assert page.evaluate("window.neverReloaded")  # the curve came to a page that stayed open
    shoot(page, "07-run-live")
    expect(page.get_by_role("link", name="Open the model")).to_be_visible(timeout=TRAINING_MS)
    expect(loss).to_be_attached()
    assert len(loss.get_attribute("d").split("L")) == 20
    shoot(page, "08-run")
    page.get_by_role("link", name="Open the model").click()
    shoot(page, "09-model")


def evaluate(page: Page, shoot) -> None:
    page.get_by_role("link", name="Evaluate", exact=True).click()
    page.get_by_role("button", name="Evaluate").click()
    expect(page.get_by_role("link", name="Download JSON")).to_be_visible(timeout=120_000)
    expect(page.locator(".photo svg").first).to_be_attached()
    assert page.locator(".photo svg path, .photo svg rect").count() > 0
    shoot(page, "10-evaluation")


def try_it(page: Page, demo_zip: Path, shoot) -> None:
    page.get_by_role("link", name="Open the model").click()
    page.get_by_role("link", name="Try it").click()
    shoot(page, "11-try-it")
