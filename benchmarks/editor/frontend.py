"""The label editor as a person feels it, in headless Chromium: photos come, boxes follow the hand.

    .venv/bin/python -m benchmarks.editor.frontend [--rounds 10]

A real site (`manage.py serve`) with photos of 3840 x 2160. Times are taken in the page, from the key or the start of
the navigation to the frame after the one that has photo and boxes, so that painting is counted. Goals: next photo
(fetched ahead) p95 150 ms; first paint of a photo of which nothing is cached 600 ms; 50 frames/s dragging and zooming
with 500 boxes; 50 ms from a key to its box; 500 ms from a link to photo and boxes (Label Studio on such a machine:
1,430 ms). Prints one JSON object.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.editor.parts import site_and_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.e2e.conftest import Site

WIDTH, HEIGHT, MANY, FEW = 3840, 2160, 500, 8
MOST = {"next_photo_p95_ms": 150, "cold_4k_p50_ms": 600, "key_to_box_p95_ms": 50, "link_to_boxes_p50_ms": 500}
LEAST = {"drag_frames_per_s": 50, "zoom_frames_per_s": 50}

#: In every page: `shown(image)` gives the time at which a photo and its boxes are on the screen; `frames()` counts.
HELPERS = """(() => {
  const frame = () => new Promise(requestAnimationFrame);
  window.until = async (test) => {
    while (!test()) await frame();
    await frame();
    return performance.now();
  };
  const isShown = (image, boxes) => {
    const root = document.querySelector(`[data-image="${image}"][data-ready=true]`);
    const photo = root?.querySelector("[data-photo]");
    return photo?.complete && photo.naturalWidth > 0 && root.querySelectorAll(".mark").length >= boxes;
  };
  window.shown = (image, boxes) => until(() => isShown(image, boxes));
  window.addEventListener("keydown", (event) => { window.pressed = event.timeStamp; }, { capture: true });
  window.frames = [];
  window.count = async () => {
    window.frames = [];
    window.isCounting = true;
    while (window.isCounting) window.frames.push(await frame());
  };
})()"""


def photo_bytes(seed: int) -> bytes:
    """A JPEG with large shapes and fine grain, about 2 MB, as a camera's."""
    import numpy
    from PIL import Image as Picture

    random = numpy.random.default_rng(seed)
    shapes = Picture.fromarray(random.integers(0, 255, (HEIGHT // 60, WIDTH // 60, 3), dtype=numpy.uint8))
    pixels = numpy.asarray(shapes.resize((WIDTH, HEIGHT), Picture.Resampling.BICUBIC)).astype(numpy.int16)
    pixels += random.integers(-8, 9, pixels.shape, dtype=numpy.int16)
    buffer = io.BytesIO()
    Picture.fromarray(pixels.clip(0, 255).astype(numpy.uint8)).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def grid_of_boxes(count: int) -> list[tuple[object, ...]]:
    across = 25
    places = [(40 + 150 * (n % across), 40 + 100 * (n // across)) for n in range(count)]
    return [("bb8", x, y, x + 120, y + 70) for x, y in places]


class Desk:
    """A browser in front of a site with 4k photos: one with many boxes, then ones with few."""

    def __init__(self, site: Any, browser: Any, images: list[int]) -> None:
        self.site, self.browser, self.images = site, browser, images
        page = self.context().new_page()
        page.goto(f"{site.url}/")
        page.get_by_label("Username").fill("admin")
        page.get_by_label("Password").fill(site.password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Home").wait_for()
        self.signed_in = page.context.storage_state()
        page.context.close()

    def context(self, state: Any = None) -> Any:
        context = self.browser.new_context(viewport={"width": 1440, "height": 900}, storage_state=state)
        context.add_init_script(HELPERS)
        return context

    def open(self, page: Any, image: int, boxes: int) -> float:
        """Milliseconds from the start of the navigation until photo and boxes are shown."""
        page.goto(f"{self.site.url}/datasets/images/{image}/", wait_until="commit")
        return float(page.evaluate("([image, boxes]) => shown(image, boxes)", [image, boxes]))

    def cold(self, rounds: int) -> list[float]:
        """Nothing is cached: neither the photo nor the editor."""
        return [self._once(image) for image in (self.images[1:] * rounds)[:rounds]]

    def _once(self, image: int) -> float:
        context = self.context(self.signed_in)
        taken = self.open(context.new_page(), image, FEW)
        context.close()
        return taken

    def link(self) -> list[float]:
        """The editor's own files are cached, the photo is not."""
        context = self.context(self.signed_in)
        page = context.new_page()
        self.open(page, self.images[0], MANY)
        page.goto("about:blank")
        times = [self.open(page, image, FEW) for image in self.images[4:]]
        context.close()
        return times

    def next_photo(self, rounds: int) -> list[float]:
        context = self.context(self.signed_in)
        page = context.new_page()
        self.open(page, self.images[1], FEW)
        # There and back again, so that each step is to a photo that was fetched ahead.
        walk = [*range(2, len(self.images)), *range(len(self.images) - 2, 0, -1)] * rounds
        times = []
        for before, place in zip([1, *walk], walk, strict=False):
            page.wait_for_timeout(1500)  # what a person takes at least to look at a photo
            page.keyboard.press("d" if place > before else "a")
            end = page.evaluate("([image, boxes]) => shown(image, boxes)", [self.images[place], FEW])
            times.append(end - page.evaluate("pressed"))
        context.close()
        return times

    def among_many(self, rounds: int) -> dict[str, float]:
        """Dragging, zooming and drawing with 500 boxes on the photo."""
        context = self.context(self.signed_in)
        page = context.new_page()
        self.open(page, self.images[0], MANY)
        area = page.locator("[data-photo]").bounding_box()
        at = {"x": area["x"] + area["width"] * 100 / WIDTH, "y": area["y"] + area["height"] * 75 / HEIGHT}
        page.mouse.move(at["x"], at["y"])
        page.mouse.down()
        drag = self._frames(page, lambda step: page.mouse.move(at["x"] + step % 300, at["y"] + step % 200))
        page.mouse.up()
        page.mouse.move(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
        zoom = self._frames(page, lambda step: page.mouse.wheel(0, -60 if step // 20 % 2 == 0 else 60))
        times = []
        for number in range(rounds * 3):
            page.keyboard.press("i")
            end = page.evaluate(
                "(count) => until(() => document.querySelectorAll('.mark').length >= count)", MANY + number + 1
            )
            times.append(end - page.evaluate("pressed"))
        context.close()
        return {"drag_frames_per_s": drag, "zoom_frames_per_s": zoom, **figures("key_to_box", times)}

    def _frames(self, page: Any, move: Any, steps: int = 200) -> float:
        page.evaluate("void count()")
        for step in range(steps):
            move(step)
        page.evaluate("() => { window.isCounting = false }")
        times = page.evaluate("frames")
        return round(1000 * (len(times) - 1) / (times[-1] - times[0]), 1)


def figures(name: str, times: list[float]) -> dict[str, float]:
    p95 = statistics.quantiles(times, n=20)[-1]
    return {f"{name}_p50_ms": round(statistics.median(times), 1), f"{name}_p95_ms": round(p95, 1)}


def run(site: Site, browser: Browser, photos: Path, rounds: int) -> dict[str, float]:
    from tests.e2e.labelling import command
    from tests.voc import voc_xml

    for number in range(10):
        boxes = grid_of_boxes(MANY if number == 0 else FEW)
        (photos / f"{number}.jpg").write_bytes(photo_bytes(number))
        (photos / f"{number}.xml").write_bytes(voc_xml(f"{number}.jpg", (WIDTH, HEIGHT), boxes))
    command(site, "import_dataset", str(photos), "--dataset", "Frontend")
    images = [image["id"] for image in command(site, "edit_images", "Frontend", "list")["images"]]
    desk = Desk(site, browser, images)
    reached = figures("cold_4k", desk.cold(rounds)) | figures("link_to_boxes", desk.link())
    return reached | figures("next_photo", desk.next_photo(max(1, rounds // 5))) | desk.among_many(rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    with site_and_browser() as (site, browser, photos):
        load = [round(os.getloadavg()[0], 1)]
        reached = run(site, browser, photos, options.rounds)
        load.append(round(os.getloadavg()[0], 1))
    met = {name: reached[name] <= goal for name, goal in MOST.items()}
    met |= {name: reached[name] >= goal for name, goal in LEAST.items()}
    goals = MOST | LEAST
    print(json.dumps({"benchmark": "editor_frontend", **reached, "load": load, "goals": goals, "met": met}, indent=1))


if __name__ == "__main__":
    main()
