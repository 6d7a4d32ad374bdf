"""Pre-labelling in a browser: a filter, a model whose classes differ, proposals on the photos, and accepting them."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.labelling import boxes_of, command, import_photos
from tests.e2e.models import make_model
from tests.factories import picture_bytes

pytestmark = pytest.mark.browser

BOTH = [("bb8", 10, 20, 110, 80), ("r2d2", 10, 150, 110, 280)]
#: On photos of 400 x 300 a BB-8 at 40, 30, 160, 120, and an R2-D2.
SEEN = [("bb8", 0.9, 0.1, 0.1, 0.4, 0.4), ("r2d2", 0.8, 0.5, 0.5, 0.75, 0.9)]


@pytest.fixture
def mixed(site: Site, tmp_path: Path) -> dict[str, int]:
    """Dataset "Mixed": two photos with a label "droid", three without; and a model that knows bb8 and r2d2."""
    for folder in ("others", "labelled", "bare"):
        (tmp_path / folder).mkdir()
    import_photos(site, tmp_path / "others", "Others", 4, BOTH)
    make_model(site, "Others", SEEN, name="Knows both")
    import_photos(site, tmp_path / "labelled", "Mixed", 2, [("droid", 10, 20, 110, 80)])
    for n in range(3):
        (tmp_path / "bare" / f"bare {n}.jpg").write_bytes(picture_bytes())
    command(site, "import_dataset", str(tmp_path / "bare"), "--dataset", "Mixed")
    rows = command(site, "edit_images", "Mixed", "list")["images"]
    return {str(row["file_name"]): int(row["id"]) for row in rows}


def test_a_filter_is_prelabelled_by_a_model_of_other_classes_and_accepted(page: Page, site: Site, mixed, shoot):
    page.goto(f"{site.url}/datasets/sets/mixed/?state=unlabelled")
    expect(page.locator("[data-grid] .photo")).to_have_count(3)
    page.get_by_role("link", name="Pre-label", exact=True).click()
    expect(page.locator("form.card")).to_contain_text("3 photos of this filter")
    page.get_by_label("Model", exact=True).select_option(label="Knows both")
    page.get_by_role("button", name="Pre-label").click()
    # which class is which is asked before anything is written
    expect(page.get_by_role("group", name="Which class of the dataset is it?")).to_be_visible()
    shoot(page, "prelabel-classes")
    assert not command(site, "edit_images", "Mixed", "list", "--filter", "source=model")["images"]
    page.get_by_label("The model's bb8").select_option(label="droid")
    page.get_by_label("The model's r2d2").select_option(label="None of them: leave its boxes out")
    page.get_by_role("button", name="Pre-label").click()
    page.wait_for_url("**/datasets/sets/mixed/")
    page.goto(f"{site.url}/jobs/")
    page.get_by_role("link", name="Pre-label").first.click()
    expect(page.locator("#job-status")).to_contain_text("3 boxes", timeout=60_000)
    page.goto(f"{site.url}/datasets/images/{mixed['bare 1.jpg']}/")
    page.locator("[data-ready=true]").wait_for()
    expect(page.locator("[data-boxes] [data-box]")).to_have_count(1)
    shoot(page, "prelabel-editor")
    accept(page, site, shoot)
    classes = set()
    for name, image in mixed.items():
        (box,) = boxes_of(site, image)
        classes.add(box["class_id"])
        place = [round(box[edge]) for edge in ("x1", "y1", "x2", "y2")]
        assert place == ([40, 30, 160, 120] if "bare" in name else [10, 20, 110, 80])
    assert len(classes) == 1


def accept(page: Page, site: Site, shoot) -> None:
    page.goto(f"{site.url}/datasets/sets/mixed/")
    page.locator(".pick input").first.check()
    bar = page.locator("[data-pick-bar]")
    bar.get_by_role("button", name="All on this page").click()
    bar.locator("summary", has_text="More").click()
    shoot(page, "prelabel-accept")
    bar.get_by_role("button", name="Accept what models proposed").click()
    expect(page.get_by_text("accepted").first).to_be_visible()
