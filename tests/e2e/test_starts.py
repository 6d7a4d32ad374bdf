"""Choosing what a run starts from, as people do it: the zoo's cards, a download, the form; a config of a tutorial."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import start_site
from tests.training.zoo_server import archive_bytes, serving

pytestmark = pytest.mark.browser

NAME = "ssd_mobilenet_v2_fpnlite_320x320_coco17_tpu-8"
CONFIG = """model { ssd { num_classes: 2
  image_resizer { fixed_shape_resizer { height: 300 width: 300 } }
  feature_extractor { type: "ssd_mobilenet_v2_keras" batch_sise: 3 } } }
"""


@pytest.fixture
def zoo():
    with serving({f"/tf2/20200711/{NAME}.tar.gz": archive_bytes()}) as server:
        server.breaks = [100_000]
        yield server


@pytest.fixture
def site(tmp_path, zoo):
    site = start_site(tmp_path, SW_ZOO_URL=zoo.url)
    yield site
    site.stop()


def test_a_start_is_downloaded_chosen_and_checked(site, zoo, page):
    page.goto(f"{site.url}/training/starts/")
    card = page.locator(f'[id="{NAME}"]')
    expect(card.get_by_text("22.2")).to_be_visible()
    card.get_by_role("button", name="Download").click()
    begin = card.get_by_role("link", name="Start from this")
    begin.wait_for(timeout=60_000)
    assert ("Range" if zoo.asked[-1][1] else "") == "Range"
    expect(card.get_by_text("recorded at its first download")).to_be_visible()
    begin.click()
    page.wait_for_url("**/training/new/**")
    assert f"base=zoo:{NAME}" in page.url


def test_an_archive_is_sent_by_hand_and_shows_how_far_it_is(site, page, tmp_path):
    file = tmp_path / "my net.tar.gz"
    file.write_bytes(archive_bytes())
    page.goto(f"{site.url}/training/starts/")
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": file.stat().st_size / 4}
    line.send("Network.emulateNetworkConditions", slow)
    page.get_by_label("Archive").set_input_files(file)
    page.get_by_role("button", name="Upload and look into it").click()
    expect(page.locator("form:has(#id_archive) [data-sent]")).to_contain_text("MB sent")
    expect(page.get_by_role("button", name="Upload and look into it")).to_be_disabled()
    page.wait_for_url("**/training/new/?base=zoo:my_net")
    expect(page.get_by_text("my_net is kept")).to_be_visible()


def test_a_config_with_a_slip_is_refused_with_its_line(site, page):
    page.goto(f"{site.url}/training/configs/")
    page.get_by_label("Text of a pipeline.config").fill(CONFIG)
    page.get_by_role("button", name="Read it").click()
    refusal = page.get_by_role("alert")
    refusal.wait_for(timeout=120_000)
    expect(refusal).to_contain_text("Line 3 sets 'batch_sise'")
