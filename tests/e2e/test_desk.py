"""The training desk in a browser with real, small runs: tried, watched, controlled, judged, named, exported."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.labelling import command

pytestmark = [pytest.mark.browser, pytest.mark.training]
ENGINE_MS = 600_000
IOU = "model.ssd.post_processing.batch_non_max_suppression.iou_threshold"


@pytest.fixture(scope="module")
def dataset(site: Site) -> str:
    command(site, "make_demo_dataset", "--count", "24", "--dataset", "Desk walk")
    command(site, "create_version", "Desk walk", "--split", "0.6,0.2,0.2")
    return "Desk walk"


def test_the_whole_desk(page: Page, site: Site, dataset: str, shoot) -> None:
    page.set_default_timeout(ENGINE_MS)  # the site shares the processor with the engine
    fill_the_form(page, site, dataset)
    change_the_config(page, shoot)
    try_it_out(page, shoot)
    address = start_and_watch(page)
    wait_in_the_queue(page, site, dataset)
    page.goto(address)
    pause_and_resume(page, shoot)
    stop_and_keep(page)
    extend(page)
    judge_name_and_export(page, shoot)


def fill_the_form(page: Page, site: Site, dataset: str, name: str = "Desk run", steps: int = 20_000) -> None:
    page.goto(f"{site.url}/training/new/")
    version = page.get_by_label("Version").locator("option", has_text=dataset).get_attribute("value")
    page.get_by_label("Version").select_option(version)
    page.get_by_label("How long (steps)").fill(str(steps))
    page.get_by_label("Name").fill(name)
    page.get_by_text("Expert settings").click()
    page.get_by_label("Input size").select_option("160")
    page.get_by_label("Batch size").fill("2")
    expect(page.locator("#run-check")).to_contain_text("input 160 px")


def change_the_config(page: Page, shoot) -> None:
    page.get_by_role("button", name="Show and edit the whole text").click()
    text = page.get_by_label("The whole text")
    text.fill(text.input_value().replace("iou_threshold: 0.6", "iou_threshold: 0.5"))
    page.get_by_role("button", name="Compare with what the site would write").click()
    expect(page.locator(".changes")).to_contain_text(IOU)
    expect(page.locator(".changes ins")).to_have_text("0.5")
    check_while_comparing(page)
    shoot(page, "desk-01-form")


def check_while_comparing(page: Page) -> None:
    """The check of a form changed in the moment a button is pressed asks at its own address, not at the button's."""
    compare = page.get_by_role("button", name="Compare with what the site would write")
    with page.expect_response("**/training/new/check/**") as answer:
        compare.evaluate(
            "button => { button.click(); button.form.dispatchEvent(new Event('change', {bubbles: true})); }"
        )
    assert answer.value.ok
    expect(page.locator("#run-check")).to_contain_text("input 160 px")
    expect(compare).to_have_count(1)


def try_it_out(page: Page, shoot) -> None:
    page.get_by_role("button", name="Try these settings").click()
    trial = page.locator("#trial")
    expect(trial.locator(".samples img").first).to_be_visible(timeout=ENGINE_MS)
    expect(trial).to_contain_text("s with 2 images")
    trial.get_by_text("The whole pipeline.config").click()
    expect(trial.locator("ins", has_text="iou_threshold: 0.5")).to_be_visible()
    shoot(page, "desk-02-trial")


def start_and_watch(page: Page) -> str:
    """Starts the run and waits until its curve has come to the page; gives the address of the run."""
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_role("heading", name="Desk run")).to_be_visible()
    page.evaluate("window.neverReloaded = true")
    loss = page.locator("[data-line-chart]", has_text="Total loss").locator("svg[role=img] path.line").first
    expect(loss).to_be_attached(timeout=ENGINE_MS)
    assert page.evaluate("window.neverReloaded")
    expect(page.get_by_role("button", name="Stop and keep")).to_be_visible()
    return page.url


def wait_in_the_queue(page: Page, site: Site, dataset: str) -> None:
    """A second run waits behind the first, is put first, and is cancelled."""
    fill_the_form(page, site, dataset, name="Waiting run", steps=5)
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text("Number 1 in the queue.")).to_be_visible()
    page.get_by_role("button", name="Put first").click()
    expect(page.get_by_label("History")).to_contain_text("Put first in the queue.")
    page.get_by_role("button", name="Cancel the run").click()
    page.get_by_role("dialog").locator("button[value=yes]").click()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def pause_and_resume(page: Page, shoot) -> None:
    page.get_by_role("button", name="Pause").click()
    resume = page.get_by_role("button", name="Resume")
    expect(resume).to_be_visible(timeout=ENGINE_MS)
    expect(page.locator("#run-state")).to_have_text("Paused")
    shoot(page, "desk-03-paused")
    resume.click()
    expect(page.get_by_label("History")).to_contain_text("Goes on from its last checkpoint")
    expect(page.locator("#run-state")).to_have_text("Running", timeout=ENGINE_MS)


def stop_and_keep(page: Page) -> None:
    page.get_by_role("button", name="Stop and keep").click()
    page.get_by_role("dialog").locator("button[value=yes]").click()
    expect(page.get_by_role("link", name="Open the model")).to_be_visible(timeout=ENGINE_MS)
    expect(page.get_by_label("History")).to_contain_text("Ended well at step")


def extend(page: Page) -> None:
    page.get_by_label("Go on for").fill("5")
    page.get_by_role("button", name="Extend").click()
    expect(page.get_by_role("heading", name="Desk run to")).to_be_visible()
    expect(page.get_by_label("History")).to_contain_text("Goes on where Desk run ended")
    expect(page.get_by_role("link", name="Open the model")).to_be_visible(timeout=ENGINE_MS)


def judge_name_and_export(page: Page, shoot) -> None:
    page.get_by_role("link", name="Open the model").click()
    model = page.url
    page.get_by_role("link", name="Evaluate", exact=True).click()
    page.get_by_role("button", name="Evaluate").click()
    expect(page.get_by_role("link", name="Download JSON")).to_be_visible(timeout=ENGINE_MS)
    page.goto(model)
    page.get_by_label("Alias").fill("production")
    page.get_by_role("button", name="Point it here").click()
    expect(page.locator(".chip.good", has_text="production").first).to_be_visible()
    row = page.locator("#exports tr", has_text="TFLite, 16 bit")
    row.get_by_role("button", name="Export").click()
    row.get_by_role("link").click()
    expect(page.locator("#job-status")).to_contain_text("Exported as TFLite, 16 bit", timeout=ENGINE_MS)
    page.goto(model)
    expect(row.get_by_role("link", name="Download")).to_be_visible()
    shoot(page, "desk-04-model")
