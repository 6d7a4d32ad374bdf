"""The page of an evaluation in a browser: sliders, the matrix, a curve, a crop, and the editor behind it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import ROOT, Site
from tests.factories import picture_bytes
from tests.voc import voc_xml

pytestmark = pytest.mark.browser

#: Every photo has a BB-8 and an R2-D2.
BOXES: list[tuple[object, ...]] = [("bb8", 10, 20, 110, 80), ("r2d2", 10, 150, 110, 280)]
#: Run by the site's own manage.py: makes a model that finds every BB-8 and draws an R2-D2 where there is none, and
#: evaluates it.
PREPARE = """
import json
from datasets import lookup
from detections.actions import evaluate_here
from tests.detections.builders import make_detector
version = lookup.dataset_by_name({name!r}).versions.get()
manifest = version.manifest()
split = max(("train", "val", "test"), key=lambda split: len(manifest.split(split)))
number = next(number for number, name in manifest.classes.items() if name == "bb8")
other = next(number for number, name in manifest.classes.items() if name == "r2d2")
answers = [(number, 0.9, 10 / 400, 20 / 300, 110 / 400, 80 / 300), (other, 0.6, 0.7, 0.7, 0.95, 0.95)]
classes = {{str(number): name for number, name in manifest.classes.items()}}
model = make_detector(version, answers, classes=classes, name={name!r})
print(json.dumps(evaluate_here(model, version, split, lambda *_: None).pk))
"""


def manage(site: Site, *arguments: str, **more) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(site.data_dir), "DJANGO_SETTINGS_MODULE": "sw_site.settings"},
        capture_output=True,
        text=True,
        **more,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.fixture
def evaluation(page: Page, site: Site, tmp_path: Path) -> Page:
    """Four photos with the same labels, and a model that is half right."""
    for n in range(4):
        (tmp_path / f"photo {n}.jpg").write_bytes(picture_bytes())
        (tmp_path / f"photo {n}.xml").write_bytes(voc_xml(boxes=BOXES))
    name = f"Evaluated {tmp_path.name}"
    manage(site, "import_dataset", str(tmp_path), "--dataset", name, "--json")
    manage(site, "create_version", name, "--json")
    number = json.loads(manage(site, "shell", "-v", "0", input=PREPARE.format(name=name)))
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
