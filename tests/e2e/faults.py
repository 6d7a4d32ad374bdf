"""The server, the tab, the network and the session fail at random moments, while somebody edits a photo."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
import urllib.request
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext

from tests.e2e.conftest import Site, wait_for_port
from tests.e2e.labelling import import_photos, kill_tabs
from tests.e2e.person import EDITS, Person, Screen, screen_of

TROUBLES = ["server", "tab", "tab", "tab at once", "close", "offline", "cut", "lost", "lost", "session"]
#: The supervisor gives a process up that ends soon after its start, again and again.
LEAST_LIFE = 8.0


class World(Person):
    """A person, and what goes wrong around them."""

    def __init__(self, site: Site, context: BrowserContext, photo: int, seed: int) -> None:
        super().__init__(site, context, photo, seed)
        self.started = time.monotonic()
        #: Troubles that last for a number of edits.
        self.lasting = {"offline": 0, "session": 0}

    def step(self) -> None:
        self.edit()
        self.meant = self.screen()
        self.page.wait_for_timeout(self.random.choice([0, 0, 10, 50, 200, 700, 1200]))
        self.wear_off()

    def trouble(self) -> None:
        kind = self.random.choice(TROUBLES)
        if kind == "server" and time.monotonic() - self.started < LEAST_LIFE:
            kind = "tab"
        self.counts[f"trouble: {kind}"] += 1
        if kind in ("cut", "lost"):
            self.line.next += [kind] * self.random.randint(1, 3)
        elif kind == "offline":
            self.line.set_offline(True)
            self.lasting["offline"] = self.random.randint(1, 6)
        elif kind == "session":
            self.context.clear_cookies(name="sessionid")
            self.lasting["session"] = self.random.randint(1, 6)
        elif kind == "server":
            self.kill_server()
        else:
            self.end_tab(kind)

    def wear_off(self) -> None:
        for kind, back in (("offline", self.back_online), ("session", self.sign_in_again)):
            if self.lasting[kind] > 0:
                self.lasting[kind] -= 1
                if self.lasting[kind] == 0:
                    back()

    def back_online(self) -> None:
        self.lasting["offline"] = 0
        self.line.set_offline(False)

    def sign_in_again(self) -> None:
        """In another tab; then back to this one."""
        self.back_online()
        self.lasting["session"] = 0
        self.wait_for_server()
        self.sign_in()
        if not self.page.is_closed():
            self.page.evaluate("window.dispatchEvent(new Event('focus'))")

    def kill_server(self) -> None:
        for pid in web_processes(self.site):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.started = time.monotonic()

    def wait_for_server(self) -> None:
        port = int(self.site.url.rsplit(":", 1)[1])
        for _ in range(300):
            wait_for_port(port)
            with suppress(OSError), urllib.request.urlopen(f"{self.site.url}/sign-in/", timeout=30):  # noqa: S310
                return
            time.sleep(0.1)
        raise AssertionError("the web process did not come back")

    def end_tab(self, kind: str) -> None:
        """End the page and open the photo again; `tab at once`: before anybody could see what the last edit made."""
        before = self.meant
        if kind == "tab at once":
            self.add()
        if kind == "close":
            self.page.close()
        else:
            kill_tabs(self.context)
        self.back_online()
        self.wait_for_server()
        if self.lasting["session"]:
            self.sign_in_again()
        self.page = self.open()
        if kind == "tab at once":
            self.expect(lambda screen: len(screen) == len(before) + 1 and before.items() <= screen.items(), before)
        else:
            self.expect(lambda screen: screen == before, before)
        self.meant = self.screen()

    def expect(self, is_right: Any, wanted: Screen) -> None:
        """The page takes a moment to find what the one before it left."""
        for _ in range(100):
            if is_right(self.screen()):
                return
            self.page.wait_for_timeout(100)
        screen = self.screen()
        missing = {pk: box for pk, box in wanted.items() if screen.get(pk) != box}
        extra = {pk: box for pk, box in screen.items() if wanted.get(pk) != box}
        self.faults.append(f"after edit {self.edits_made()}: missing {missing}, not expected {extra}")

    def edits_made(self) -> int:
        return sum(self.counts[kind] for kind in set(EDITS))

    def come_to_rest(self) -> None:
        self.back_online()
        self.line.next.clear()
        self.wait_for_server()
        self.context.clear_cookies(name="sessionid")
        self.sign_in_again()
        for _ in range(600):
            if self.page.locator("[data-save-state]").text_content() == "Saved":
                return
            self.page.wait_for_timeout(100)
        self.faults.append(f"saving does not come to rest: {self.page.locator('[data-save-state]').text_content()}")

    def judge(self) -> None:
        """The screen, the server and what was meant are the same; every acknowledged batch was done, once."""
        if self.screen() != self.meant:
            self.faults.append(f"the screen is not what was meant: {self.screen()}, {self.meant}")
        rows = server_boxes(self.site, self.photo)
        if len({row[0] for row in rows}) != len(rows) or screen_of(rows) != self.meant:
            self.faults.append(f"the server has not what was meant: {screen_of(rows)}, {self.meant}")
        done = Counter(batches(self.site, self.photo))
        self.faults += [f"batch {batch} was done {count} times" for batch, count in done.items() if count > 1]
        self.faults += [
            f"batch {one} was acknowledged and not done" for one in self.line.acknowledged if one not in done
        ]
        self.counts["saves"] = len(done)


def web_processes(site: Site) -> list[int]:
    import psutil

    web = [one for one in psutil.Process(site.process.pid).children(recursive=True) if "--web-only" in one.cmdline()]
    return [one.pid for one in web]


def rows_of(site: Site, query: str, photo: int) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{site.data_dir}/db.sqlite3?mode=ro", uri=True) as database:
        return database.execute(query, [photo]).fetchall()


def server_boxes(site: Site, photo: int) -> list[list[Any]]:
    columns = "b.id, c.name, b.x1, b.y1, b.x2, b.y2"
    join = "datasets_box b JOIN datasets_labelclass c ON c.id = b.label_class_id"
    rows = rows_of(site, f"SELECT {columns} FROM {join} WHERE b.image_id = ?", photo)  # noqa: S608
    return [[f"{pk[:8]}-{pk[8:12]}-{pk[12:16]}-{pk[16:20]}-{pk[20:]}", *rest] for pk, *rest in rows]


def batches(site: Site, photo: int) -> list[str]:
    return [
        batch
        for (batch,) in rows_of(
            site, "SELECT batch FROM datasets_revision WHERE image_id = ? AND batch NOT NULL", photo
        )
    ]


def make_photo(site: Site, folder: Path) -> int:
    (photo,) = import_photos(site, folder, "Faults", 1, [("bb8", 10, 20, 110, 80), ("r2d2", 200, 100, 280, 220)])
    return photo


def run_faults(
    site: Site, context: BrowserContext, photo: int, *, edits: int, seed: int, share: float
) -> dict[str, Any]:
    """What happened, and `faults`: what was lost, done twice or differs. `share`: of edits followed by a trouble."""
    world = World(site, context, photo, seed)
    for _ in range(edits):
        world.step()
        if world.random.random() < share:
            world.trouble()
    world.come_to_rest()
    world.judge()
    happened = {kind: world.counts[kind] for kind in sorted(world.counts)}
    end = {"acknowledged": len(world.line.acknowledged), "boxes": len(world.meant), "faults": world.faults}
    return {"seed": seed, "edits": edits, **happened, **end}
