"""A real site (web, workers, engine) started the way people start it, and a real browser in front of it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 300
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
#: As root there is no sandbox to be had; the rest keeps the browser from calling home.
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    # A camera with a test picture, for pages that are allowed to use one.
    "--use-fake-device-for-media-stream",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Site:
    """A running site: where it is, who may enter, and everything it has printed."""

    url: str
    data_dir: Path
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)

    @property
    def password(self) -> str:
        found = re.search(r"First administrator: admin / (\S+)", "".join(self.lines))
        assert found, "".join(self.lines)
        return found.group(1)

    def listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)
            if "Ctrl-C stops it" in line:
                self.ready.set()
        self.ready.set()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


def start_site(data_dir: Path, **environment: str) -> Site:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env={
            **os.environ,
            "PORT": str(port),
            "DATA_DIR": str(data_dir),
            "DJANGO_SETTINGS_MODULE": "sw_site.settings",
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    site = Site(f"http://127.0.0.1:{port}", data_dir, process)
    threading.Thread(target=site.listen, daemon=True).start()
    assert site.ready.wait(START_SECONDS) and process.poll() is None, "".join(site.lines)
    wait_for_port(port)
    return site


def wait_for_port(port: int) -> None:
    """The web process listens a moment after it was started."""
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            threading.Event().wait(0.1)
    raise AssertionError(f"nothing listens on port {port}")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = start_site(tmp_path_factory.mktemp("site"), SW_DEMO="0")
    yield site
    assert site.stop() == 0, "".join(site.lines[-30:])


@pytest.fixture(scope="session")
def full(site: Site, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The site with something on every page; what to put into `fullness.ADDRESSES`."""
    from tests.e2e import fullness

    return fullness.fill(site, tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert path, "Chromium is missing: install the package “chromium” (make test does, as root)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, site: Site) -> Page:
    """A page signed in as the administrator, which fails the test on any script error or server error."""
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("pageerror", lambda error: pytest.fail(f"{page.url}: {error}"))
    page.on("response", lambda response: response.status < 500 or pytest.fail(f"{response.status} {response.url}"))
    enter(page, site)
    return page


def enter(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Home").wait_for()


@pytest.fixture
def shoot(tmp_path: Path):
    """Take screenshots into SW_SCREENSHOTS, or a folder that goes away."""
    folder = Path(os.environ.get("SW_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        path = folder / f"{name}.png"
        try:
            page.screenshot(path=path)
        except Error:  # Chromium sometimes has no frame to give on a busy machine; a second time it has
            page.wait_for_timeout(1000)
            page.screenshot(path=path)

    return take
