"""Videos in a browser: on their own page, and dropped among photos on the upload page; all their frames arrive."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.datasets.sources.films import pan, write_video
from tests.e2e.test_upload import open_upload_page
from tests.factories import picture_bytes

pytestmark = pytest.mark.browser
FRAMES = 12


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    return write_video(tmp_path_factory.mktemp("films") / "walk.mp4", pan(FRAMES))


def every_frame(page: Page) -> None:
    page.get_by_label("One image every").fill("1")
    page.get_by_label("Of what").select_option("frames")
    page.get_by_label("Keep near-identical frames").check()


def expect_photos(page: Page, site, slug: str, count: int) -> None:
    page.goto(f"{site.url}/datasets/sets/{slug}/")
    expect(page.locator("[data-grid] .photo")).to_have_count(count)


def test_a_video_goes_up_in_pieces_and_on_after_a_broken_line(page: Page, site, film):
    slug = open_upload_page(page, site, "Film")
    page.goto(f"{site.url}/datasets/sets/{slug}/import/video/")
    broken: list[str] = []

    def break_once(route: Route) -> None:
        if route.request.method == "POST" and not broken:
            broken.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    page.route("**/api/v1/uploads/*", break_once)
    page.locator("input[type=file]").set_input_files(film)
    every_frame(page)
    page.get_by_role("button", name="Take frames").click()
    expect(page.locator("#job-status")).to_contain_text(f"{FRAMES} images and 0 boxes added", timeout=60_000)
    assert len(broken) == 1
    expect_photos(page, site, slug, FRAMES)


def test_a_damaged_video_is_named(page: Page, site, tmp_path):
    (tmp_path / "torn.mp4").write_bytes(b"no video at all")
    slug = open_upload_page(page, site, "Torn film")
    page.goto(f"{site.url}/datasets/sets/{slug}/import/video/")
    page.locator("input[type=file]").set_input_files(tmp_path / "torn.mp4")
    page.get_by_role("button", name="Take frames").click()
    expect(page.locator("main")).to_contain_text("torn.mp4:", timeout=60_000)


def test_a_video_among_photos_becomes_images_of_its_frames(page: Page, site, film, tmp_path, shoot):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(picture_bytes())
    slug = open_upload_page(page, site, "Photos and a film")
    page.locator("input[multiple][data-send]:not([webkitdirectory])").set_input_files([photo, film])
    expect(page.locator("[data-part=videos]")).to_contain_text("walk.mp4")
    every_frame(page)
    expect(page.locator("[data-part=frames]")).to_be_enabled(timeout=60_000)
    shoot(page, "upload-video")
    page.locator("[data-part=frames]").click()
    expect(page.locator("[data-part=videos]")).to_be_hidden()
    link = page.get_by_role("link", name="see how far it is").get_attribute("href")
    page.locator("[data-part=finish]").click()
    expect(page.locator("#job-status")).to_contain_text("boxes added", timeout=60_000)
    page.goto(f"{site.url}{link}")
    expect(page.locator("#job-status")).to_contain_text(f"{FRAMES} images and 0 boxes added", timeout=60_000)
    expect_photos(page, site, slug, FRAMES + 1)


def test_importing_takes_the_frames_that_nobody_asked_for(page: Page, site, film):
    slug = open_upload_page(page, site, "Only a film")
    page.locator("input[multiple][data-send]:not([webkitdirectory])").set_input_files(film)
    every_frame(page)
    expect(page.locator("[data-part=finish]")).to_be_enabled(timeout=60_000)
    page.locator("[data-part=finish]").click()
    expect(page.locator("#job-status")).to_contain_text(f"{FRAMES} images and 0 boxes added", timeout=60_000)
    expect_photos(page, site, slug, FRAMES)
