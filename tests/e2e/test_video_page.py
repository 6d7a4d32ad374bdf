"""The page of a video in a browser: sent, looked at, played; the timeline jumps, counts, and frames go to a dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.datasets.sources.films import SIZE, write_video
from tests.e2e.conftest import Site
from tests.e2e.labelling import command, import_photos
from tests.e2e.models import make_model

pytestmark = pytest.mark.browser

#: Seen where it is bright; the second one is unsure.
SEEN = [("bb8", 0.9, 0.1, 0.1, 0.4, 0.4), ("bb8", 0.45, 0.5, 0.5, 0.75, 0.9)]
RATE = 10


def flashes(*seconds: tuple[bool, float]) -> list[np.ndarray]:
    """Frames, bright or dark for so long; no two bright ones next to each other are alike."""
    rows = [bright for bright, length in seconds for _ in range(round(length * RATE))]
    return [np.full((SIZE[1], SIZE[0], 3), 160 + n if bright else 10, np.uint8) for n, bright in enumerate(rows)]


@pytest.fixture
def scan(page: Page, site: Site, tmp_path: Path) -> Page:
    """The page of a film that is dark for 3 s, bright for 2, dark for 2, bright for 1."""
    film = write_video(tmp_path / "flashes.mp4", flashes((False, 3), (True, 2), (False, 2), (True, 1)))
    (tmp_path / "photos").mkdir()
    import_photos(site, tmp_path / "photos", "Filmed", 2)
    make_model(site, "Filmed", SEEN, brightness=0.5)
    page.goto(f"{site.url}/detections/videos/")
    page.get_by_label("Model", exact=True).select_option(label="Filmed")
    page.get_by_label("Video or GIF").set_input_files(film)
    page.get_by_role("button", name="Look at it").click()
    expect(page.locator("[data-player]")).to_be_visible(timeout=60_000)
    return page


def test_the_timeline_jumps_and_its_frames_go_to_a_dataset(scan: Page, site: Site, shoot):
    page = scan
    row = page.get_by_role("row", name="bb8")
    # frames, share, most at once, objects: both spells of light are one object each, as tracks end with 0.4 s of dark
    cells = [cell.strip() for cell in row.locator("td.num").all_inner_texts()]
    assert cells[2:] == ["1", "2"] and 30 <= int(cells[0]) <= 34, cells
    bars = row.locator("[data-seek]")
    expect(bars).to_have_count(2)
    assert [bar.get_attribute("data-seek") for bar in bars.all()] == ["3.000", "7.000"]
    player = page.locator("[data-player]")
    settled(player)
    assert player.evaluate("(video) => video.duration") == pytest.approx(8.0, abs=0.11)
    for number, seconds in ((1, 7.0), (0, 3.0)):
        bars.nth(number).click()
        settled(player)
        assert player.evaluate("(video) => video.currentTime") == pytest.approx(seconds, abs=0.01)
        expect(row.locator("[data-now]")).to_have_attribute("x1", str(f"{1000 * seconds / 8:g}"))
        assert brightness(player) > 150
    player.evaluate("(video) => { video.currentTime = 1 }")
    settled(player)
    assert brightness(player) < 60
    shoot(page, "video-page")
    send_frames(page, site)


def settled(player: Locator) -> None:
    """Wait until the picture of the moment is there."""
    player.evaluate("""async (video) => {
      while (video.seeking || video.readyState < 2) await new Promise((soon) => setTimeout(soon, 50));
      await new Promise(requestAnimationFrame);
    }""")


def brightness(player: Locator) -> float:
    """Mean of the picture that the player shows, 0 to 255."""
    return float(
        player.evaluate("""(video) => {
          const canvas = new OffscreenCanvas(40, 30);
          const drawing = canvas.getContext("2d");
          drawing.drawImage(video, 0, 0, 40, 30);
          const { data } = drawing.getImageData(0, 0, 40, 30);
          return data.filter((_, at) => at % 4 === 0).reduce((sum, value) => sum + value, 0) / (40 * 30);
        }""")
    )


def send_frames(page: Page, site: Site) -> None:
    before = len(command(site, "edit_images", "Filmed", "list")["images"])
    page.get_by_label("How many").fill("2")
    page.get_by_label("Dataset").select_option(label="Filmed")
    page.get_by_role("button", name="Send them").click()
    expect(page.get_by_text("2 frames of flashes.mp4 into Filmed: on its way.")).to_be_visible()
    page.goto(f"{site.url}/jobs/")
    page.get_by_role("link", name="2 frames of flashes.mp4 into Filmed").click()
    expect(page.locator("#job-status")).to_contain_text("2 images and 0 boxes added", timeout=60_000)
    names = [row["file_name"] for row in command(site, "edit_images", "Filmed", "list")["images"]]
    numbers = sorted(int(Path(name).stem.rsplit("_")[-1]) for name in names if name.startswith("flashes_"))
    # those with an unsure box: in the light, more than a second apart
    assert len(names) == before + 2 and all(30 <= n < 50 or 70 <= n < 80 for n in numbers)
    assert numbers[1] - numbers[0] >= RATE
