"""One person at one photo in a browser, over a line that can be told to fail."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from typing import Any

from playwright.sync_api import BrowserContext, Page, Route
from playwright.sync_api import Error as PlaywrightError

from tests.e2e.conftest import Site, enter
from tests.e2e.labelling import draw, open_editor

OPERATIONS = "**/operations"
EDITS = ["add", "add", "add", "move", "move", "drag", "relabel", "delete", "undo", "undo", "redo"]
MOST_BOXES = 30
SCREEN = """() => [...document.querySelectorAll(".world .mark")].map((mark) => {
  const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(mark.firstChild.getAttribute(name)));
  return [mark.id.slice(4), mark.getAttribute("aria-label").split(",")[0], x, y, x + width, y + height];
})"""
#: Of each box its class and its edges, to a tenth of a pixel.
Screen = dict[str, tuple[str, ...]]


def screen_of(rows: list[list[Any]]) -> Screen:
    return {pk: (name, *(f"{edge:.1f}" for edge in edges)) for pk, name, *edges in rows}


class Line:
    """What lies between the page and the server. `acknowledged`: batches whose answer reached the page."""

    def __init__(self, context: BrowserContext) -> None:
        self.context, self.is_offline = context, False
        self.next: list[str] = []
        self.acknowledged: list[str] = []
        context.route(OPERATIONS, self.carry)

    def carry(self, route: Route) -> None:
        fault = self.next.pop() if self.next else ""
        with suppress(PlaywrightError):  # the page may be gone by now
            if fault == "cut" or self.is_offline:
                route.abort()
            else:
                self.deliver(route, is_lost=fault == "lost")

    def deliver(self, route: Route, *, is_lost: bool) -> None:
        try:
            answer = route.fetch()
            body = answer.body()
        except PlaywrightError:  # nobody is there
            route.abort()
            return
        if is_lost:
            route.abort()
            return
        route.fulfill(status=answer.status, headers=answer.headers, body=body)
        if answer.status == 200 and "json" in answer.headers.get("content-type", ""):
            self.acknowledged.append(route.request.post_data_json["batch"].replace("-", ""))

    def set_offline(self, is_offline: bool) -> None:
        self.is_offline = is_offline
        self.context.set_offline(is_offline)


class Person:
    """Edits by key and pointer. `meant` is what was on the screen after the last edit: it must never be lost."""

    def __init__(self, site: Site, context: BrowserContext, photo: int, seed: int) -> None:
        self.site, self.context, self.photo = site, context, photo
        self.random = random.Random(seed)
        self.line = Line(context)
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.sign_in()
        self.page = self.open()
        self.meant = self.screen()

    def open(self) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))
        open_editor(page, self.site, self.photo)
        return page

    def sign_in(self) -> None:
        door = self.context.new_page()
        door.set_default_timeout(60_000)
        enter(door, self.site)
        door.close()

    def screen(self) -> Screen:
        return screen_of(self.page.evaluate(SCREEN))

    def edit(self) -> None:
        kind = self.random.choice(EDITS)
        if len(self.meant) >= MOST_BOXES or (not self.meant and kind not in ("undo", "redo")):
            kind = "delete" if self.meant else "add"
        getattr(self, kind)()
        self.counts[kind] += 1

    def add(self) -> None:
        between = self.random.uniform
        x, y, width, height = between(0.3, 0.6), between(0.2, 0.7), between(0.03, 0.1), between(0.04, 0.1)
        draw(self.page, x, y, width, height)

    def choose(self) -> None:
        """Tab goes from box to box; after the last one, or after an Escape more than is needed, it leaves them."""
        self.page.locator("[data-canvas]").focus()
        while self.page.locator(".world .mark.on").count() > 0:
            self.page.keyboard.press("Escape")
        for _ in range(self.random.randint(1, min(4, len(self.meant)))):
            self.page.keyboard.press("Tab")

    def move(self) -> None:
        self.choose()
        for _ in range(self.random.randint(1, 3)):
            self.page.keyboard.press(self.random.choice(["ArrowLeft", "ArrowRight", "Shift+ArrowUp", "ArrowDown"]))

    def drag(self) -> None:
        self.choose()
        area = self.page.locator(".world .mark.on .case").bounding_box()
        assert area
        x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + self.random.randint(-40, 40), y + self.random.randint(-40, 40), steps=3)
        self.page.mouse.up()

    def relabel(self) -> None:
        self.choose()
        self.page.keyboard.press(self.random.choice("12"))

    def delete(self) -> None:
        self.choose()
        self.page.keyboard.press("Delete")

    def undo(self) -> None:
        self.page.keyboard.press("Control+z")

    def redo(self) -> None:
        self.page.keyboard.press("Control+Shift+z")
