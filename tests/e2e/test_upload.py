"""Uploading in a browser: a folder of photos and labels, a tab closed half-way, and every file there once."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from datasets.demo.export import write_demo

pytestmark = pytest.mark.browser
IMAGES = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("droids")
    write_demo(path, count=IMAGES)
    (path / "label_map.pbtxt").unlink()
    return path


def open_upload_page(page: Page, site, name: str) -> str:
    """The address of the upload page of a new dataset."""
    page.goto(f"{site.url}/datasets/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make the dataset").click()
    page.wait_for_url("**/sets/**")
    slug = page.url.split("/sets/")[1].split("/")[0]
    page.goto(f"{site.url}/datasets/sets/{slug}/upload/")
    return slug


def test_a_closed_tab_loses_nothing_and_every_file_goes_in_once(page: Page, site, folder, shoot):
    slug = open_upload_page(page, site, "Closed tab")
    arrived = []

    def let_some_through(route: Route) -> None:
        if route.request.method == "POST":
            if len(arrived) >= 9:
                route.abort()
                return
            arrived.append(route.request.url)
        route.continue_()

    page.route("**/api/v1/uploads/*", let_some_through)
    page.locator("input[webkitdirectory]").set_input_files(folder)
    expect(page.locator("[data-part=words]")).to_contain_text(f"9 of {2 * IMAGES} files")
    shoot(page, "upload-half-way")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.unroute_all(behavior="ignoreErrors")
    expect(page.locator("[data-part=earlier-words]")).to_contain_text("9 files are whole")
    page.locator("input[webkitdirectory]").set_input_files(folder)
    expect(page.locator("[data-part=words]")).to_contain_text(f"{2 * IMAGES} of {2 * IMAGES} files", timeout=60_000)
    shoot(page, "upload-whole")
    page.locator("[data-part=finish]").click()
    expect(page.locator("#job-status")).to_contain_text("boxes added", timeout=60_000)
    page.goto(f"{site.url}/datasets/sets/{slug}/")
    expect(page.locator("[data-grid] .photo")).to_have_count(IMAGES)


def test_photos_can_be_labelled_before_the_upload_is_finished(page: Page, site, folder):
    slug = open_upload_page(page, site, "Early birds")
    photos = sorted((folder / "images").iterdir())[:3]
    page.locator("input[multiple][data-send]:not([webkitdirectory])").set_input_files(photos)
    expect(page.locator("[data-part=words]")).to_contain_text("3 of 3 files", timeout=60_000)
    page.goto(f"{site.url}/datasets/sets/{slug}/")
    for _ in range(60):
        if page.locator("[data-grid] .photo").count() == 3:
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator("[data-grid] .photo")).to_have_count(3)
