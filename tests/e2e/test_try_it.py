"""Trying a model in a browser: pictures dropped, pasted and from the camera, the slider, files, and a dataset."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image as Picture
from playwright.sync_api import Page, expect

from tests.datasets.sources.films import pan, write_video
from tests.e2e.conftest import Site
from tests.e2e.labelling import command, import_photos
from tests.e2e.models import make_model
from tests.factories import picture_bytes

pytestmark = pytest.mark.browser

#: On photos of 400 x 300: 40, 30, 160, 120 and 200, 150, 300, 270.
SURE, UNSURE = ("bb8", 0.9, 0.1, 0.1, 0.4, 0.4), ("bb8", 0.3, 0.5, 0.5, 0.75, 0.9)
#: Hands files to the page as a person's drop or paste does: an event with a DataTransfer.
HAND_OVER = """([selector, kind, files]) => {
  const data = new DataTransfer();
  for (const [name, type, text] of files) {
    data.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name, { type }));
  }
  const options = { bubbles: true, cancelable: true };
  const event = kind === "paste"
    ? new ClipboardEvent(kind, { ...options, clipboardData: data })
    : new DragEvent(kind, { ...options, dataTransfer: data });
  document.querySelector(selector).dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def model(site: Site, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Number of a model that sees a sure and an unsure BB-8 on every picture."""
    import_photos(site, tmp_path_factory.mktemp("tried"), "Tried", 2)
    return int(make_model(site, "Tried", [SURE, UNSURE])["model"])


@pytest.fixture
def tried(page: Page, site: Site, model: int) -> Page:
    page.goto(f"{site.url}/detections/models/{model}/try/")
    return page


def hand_over(page: Page, kind: str, *files: tuple[str, str, bytes]) -> None:
    import base64

    rows = [[name, type_, base64.b64encode(data).decode()] for name, type_, data in files]
    page.evaluate(HAND_OVER, ["[data-drop]" if kind == "drop" else "body", kind, rows])


def photo(name: str) -> tuple[str, str, bytes]:
    return name, "image/jpeg", picture_bytes()


def shown(page: Page) -> Sequence[str]:
    """How many boxes each picture says it shows."""
    return page.locator("[data-tried] [data-shown-count]").all_inner_texts()


def test_pictures_dropped_pasted_and_chosen_get_boxes_and_the_slider_asks_nobody(tried: Page, shoot):
    page = tried
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    hand_over(page, "drop", photo("dropped.jpg"), ("notes.txt", "text/plain", b"no picture"))
    expect(page.get_by_role("status").filter(has_text="the other files were left out")).to_be_visible()
    hand_over(page, "paste", photo("pasted.jpg"))
    page.get_by_label("Pictures to look at").set_input_files(
        {"name": "chosen.jpg", "mimeType": "image/jpeg", "buffer": picture_bytes()}
    )
    expect(page.locator("[data-tried] [data-shown-count]")).to_have_count(3)
    assert shown(page) == ["1", "1", "1"] and len([url for url in asked if "/detect?" in url]) == 3
    first = page.locator("[data-tried] .tile").first
    place = first.locator("[data-score='0.9'] path.box").get_attribute("d")
    assert place and [round(float(edge)) for edge in re.findall(r"[\d.]+", place)] == [40, 30, 160, 120, 40]
    # when the slider moves, boxes come and go on all pictures, and nobody is asked again
    before = len(asked)
    for value, count in (("0.2", "2"), ("0.95", "0"), ("0.3", "2"), ("0.31", "1")):
        page.get_by_label("Hide boxes below a score of").fill(value)
        assert shown(page) == [count] * 3
    assert len(asked) == before
    shoot(page, "try-it")


def test_what_is_no_picture_is_said_beside_it_and_not_kept(tried: Page):
    page = tried
    hand_over(page, "drop", ("torn.jpg", "image/jpeg", b"no picture at all"), photo("whole.jpg"))
    expect(page.get_by_role("alert")).to_contain_text("“torn.jpg” cannot be used")
    expect(page.locator("[data-tried] [data-shown-count]")).to_have_count(1)
    page.get_by_role("button", name="Keep and send to a dataset").click()
    expect(page.locator("[data-grid] .photo")).to_have_count(1, timeout=60_000)


def test_files_hold_what_the_slider_leaves(tried: Page):
    page = tried
    hand_over(page, "drop", photo("droid.jpg"))
    expect(page.locator("[data-tried] [data-shown-count]")).to_have_text("1")
    got = {word: downloaded(page, word) for word in ("Picture", "JSON", "VOC", "COCO")}
    assert {word: name for word, (name, _) in got.items()} == {
        "Picture": "droid-boxes.jpg",
        "JSON": "droid.json",
        "VOC": "droid.xml",
        "COCO": "droid.json",
    }
    drawn = Picture.open(io.BytesIO(got["Picture"][1]))
    assert drawn.size == (400, 300) and len(drawn.crop((30, 20, 170, 130)).getcolors(20_000) or []) > 20
    assert [box["class"] for box in json.loads(got["JSON"][1])["boxes"]] == ["bb8"]
    assert got["VOC"][1].count(b"<object>") == 1 and b"<xmin>40" in got["VOC"][1]
    (box,) = json.loads(got["COCO"][1])["annotations"]
    assert box["bbox"] == pytest.approx([40, 30, 120, 90], abs=0.1)
    # when the slider goes down, the files have more
    page.get_by_label("Hide boxes below a score of").fill("0.2")
    assert downloaded(page, "VOC")[1].count(b"<object>") == 2


def downloaded(page: Page, word: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.locator("[data-tried] .tile").first.get_by_role("button", name=word, exact=True).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_pictures_go_to_a_dataset_with_their_boxes_as_proposals(tried: Page, site: Site, shoot):
    page = tried
    hand_over(page, "drop", photo("new 1.jpg"), photo("new 2.jpg"))
    expect(page.locator("[data-tried] [data-shown-count]")).to_have_count(2)
    page.get_by_role("button", name="Keep and send to a dataset").click()
    send = page.get_by_role("link", name="Send to a dataset")
    send.wait_for(timeout=60_000)
    shoot(page, "try-it-batch")
    send.click()
    page.get_by_label("Dataset", exact=True).select_option(label="Tried")
    page.get_by_role("button", name="Send", exact=True).click()
    page.goto(f"{site.url}/jobs/")
    page.get_by_role("link", name=re.compile("^Send what")).first.click()
    expect(page.locator("#job-status")).to_contain_text("2 photos are new to Tried", timeout=60_000)
    rows = {row["file_name"]: row for row in command(site, "edit_images", "Tried", "list")["images"]}
    assert {"new 1.jpg", "new 2.jpg"} < set(rows)
    page.goto(f"{site.url}/datasets/images/{rows['new 1.jpg']['id']}/")
    page.locator("[data-ready=true]").wait_for()
    expect(page.locator("[data-boxes] [data-box]")).to_have_count(1)


def test_a_video_and_a_gif_that_moves_are_looked_at_by_a_worker(tried: Page, tmp_path: Path, shoot):
    page = tried
    frames = [Picture.new("RGB", (64, 48), colour) for colour in ("red", "blue", "green")]
    frames[0].save(tmp_path / "moves.gif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "still.gif")
    for name in ("moves.gif", "still.gif"):
        hand_over(page, "drop", (name, "image/gif", (tmp_path / name).read_bytes()))
    page.get_by_label("Pictures to look at").set_input_files(write_video(tmp_path / "walk.mp4", pan(4)))
    hand_over(page, "drop", ("torn.mp4", "video/mp4", b"no video"))
    tiles = page.locator("[data-tried] .tile")
    expect(tiles.filter(has_text="moves.gif")).to_contain_text("3 frames looked at", timeout=60_000)
    expect(tiles.filter(has_text="walk.mp4")).to_contain_text("4 frames looked at", timeout=60_000)
    expect(tiles.filter(has_text="torn.mp4").get_by_role("alert")).to_contain_text("of a kind that is not read")
    expect(tiles.filter(has_text="still.gif").locator("[data-shown-count]")).to_have_text("1")
    shoot(page, "try-it-video")
    tiles.filter(has_text="walk.mp4").get_by_role("link").click()
    expect(page.get_by_role("heading", name="walk.mp4")).to_be_visible()


def test_the_camera_is_looked_through_and_gives_a_picture(tried: Page, site: Site):
    page = tried
    page.context.grant_permissions(["camera"], origin=site.url)
    page.get_by_role("button", name="Use the camera").click()
    expect(page.locator("[data-live] svg [data-score]")).to_have_count(2)
    page.get_by_role("button", name="Take this picture").click()
    page.get_by_role("button", name="Stop the camera").click()
    expect(page.locator("[data-live]")).to_be_hidden()
    expect(page.locator("[data-tried] figcaption", has_text="camera-1.jpg")).to_be_visible()
    expect(page.locator("[data-tried] [data-shown-count]")).to_have_text("1")
