"""Two people send photos to one dataset at once, each in a browser of their own; one browser is killed on the way."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import requests
from PIL import Image
from playwright.sync_api import BrowserContext, BrowserType, Page, expect

from tests.e2e.conftest import FLAGS, ROOT, Site

PASSWORD = "beep-42-boop"


def write_photos(folder: Path, count: int, shade: int) -> list[str]:
    """Tiny photos, no two with the same bytes; their names begin with the folder's."""
    folder.mkdir(parents=True)
    names = [f"{folder.name}_{n:05d}.jpg" for n in range(count)]
    for n, name in enumerate(names):
        buffer = io.BytesIO()
        Image.new("RGB", (32, 24), (n % 256, shade, n // 256)).save(buffer, "JPEG", comment=f"{folder.name} {n}")
        (folder / name).write_bytes(buffer.getvalue())
    return names


def add_person(site: Site, name: str) -> None:
    """An administrator, as an operator adds one."""
    argv = [sys.executable, "manage.py", "createsuperuser", "--noinput", "--username", name, "--email", f"{name}@x.org"]
    settings = {"DATA_DIR": str(site.data_dir), "DJANGO_SETTINGS_MODULE": "sw_site.settings"}
    environment = {**os.environ, **settings, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    subprocess.run(argv, cwd=ROOT, env=environment, check=True, capture_output=True)


class Sender:
    """A person in a browser whose process can be killed."""

    def __init__(self, browsers: BrowserType, chromium: str, site: Site, name: str) -> None:
        self.browsers, self.chromium, self.site, self.name = browsers, chromium, site, name
        self.profile = tempfile.TemporaryDirectory(prefix=f"sw-site-{name}-", ignore_cleanup_errors=True)
        self.context: BrowserContext | None = None
        self.page = self.open()

    def open(self) -> Page:
        """Start the browser and sign in, unless it still knows the person."""
        self.context = self.browsers.launch_persistent_context(
            self.profile.name, executable_path=self.chromium, args=FLAGS, viewport={"width": 1280, "height": 900}
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.page.goto(f"{self.site.url}/")
        if self.page.get_by_label("Username").count():
            self.page.get_by_label("Username").fill(self.name)
            self.page.get_by_label("Password").fill(PASSWORD)
            self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("heading", name="Home").wait_for()
        return self.page

    def drop(self, slug: str, folder: Path) -> None:
        self.page.goto(f"{self.site.url}/datasets/sets/{slug}/upload/")
        self.page.locator("input[webkitdirectory]").set_input_files(folder)

    @property
    def done(self) -> int:
        """Files that are whole on the server, as the page says."""
        words = self.page.locator("[data-part=words]").inner_text()
        found = re.match(r"([\d,.]+) of", words)
        return int(re.sub(r"\D", "", found.group(1))) if found else 0

    def wait_for(self, count: int, timeout_s: float) -> None:
        """Until at least so many files are whole."""
        self.page.wait_for_function(
            "n => Number((document.querySelector('[data-part=words]').textContent.match(/^[\\d,.]+/) || ['0'])[0]"
            ".replace(/\\D/g, '')) >= n",
            arg=count,
            timeout=1000 * timeout_s,
        )

    def finish(self, timeout_s: float) -> None:
        """Press import, and wait for the report."""
        self.page.locator("[data-part=finish]").click()
        expect(self.page.locator("#job-status")).to_contain_text("boxes added", timeout=1000 * timeout_s)

    def kill(self) -> None:
        """As when the machine loses its power: no script gets to say good-bye."""
        mine = f"--user-data-dir={self.profile.name}"
        family = [p for p in psutil.Process().children(recursive=True) if mine in " ".join(_argv(p))]
        for process in family:
            process.kill()
        psutil.wait_procs(family, 10)
        self.context = None

    def close(self) -> None:
        if self.context:
            self.context.close()
        self.profile.cleanup()


def _argv(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@contextmanager
def signed_in(site: Site, name: str) -> Iterator[requests.Session]:
    """A client of the API without a browser."""
    with requests.Session() as session:
        form = f"{site.url}/sign-in/"
        session.get(form, timeout=30)
        data = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
        session.post(form, data, headers={"Referer": form}, timeout=30).raise_for_status()
        session.headers["X-CSRFToken"] = session.cookies["csrftoken"]
        yield session


def make_dataset(site: Site, session: requests.Session, name: str) -> str:
    """The slug of a new dataset."""
    form = f"{site.url}/datasets/new/"
    token = session.cookies["csrftoken"]
    answer = session.post(form, {"name": name, "csrfmiddlewaretoken": token}, headers={"Referer": form}, timeout=30)
    return answer.url.split("/sets/")[1].split("/")[0]


def files_of(site: Site, session: requests.Session, slug: str) -> Counter[str]:
    """How often each file name is in the dataset."""
    found: Counter[str] = Counter()
    after = ""
    while True:
        query = {"limit": "1000", "after": after}
        page = session.get(f"{site.url}/api/v1/datasets/{slug}/images", params=query, timeout=60).json()
        found.update(row["file_name"] for row in page["items"])
        after = page["next"]
        if not after:
            return found


def two_at_once(
    browsers: BrowserType, chromium: str, site: Site, slug: str, folders: dict[str, Path], timeout_s: float = 120
) -> tuple[int, int]:
    """Both send; the first one's browser is killed at a third, opened anew and given the same folder again.

    Returns:
        (files that were whole at the kill, files the page found whole when it was opened again).
    """
    first, second = (Sender(browsers, chromium, site, name) for name in folders)
    try:
        total = len(list(folders[first.name].iterdir()))
        first.drop(slug, folders[first.name])
        second.drop(slug, folders[second.name])
        first.wait_for(total // 3, timeout_s)
        at_kill = first.done
        first.kill()
        first.open()
        first.page.goto(f"{site.url}/datasets/sets/{slug}/upload/")
        earlier = first.page.locator("[data-part=earlier-words]")
        expect(earlier).to_contain_text("files are whole")
        found = int(re.sub(r"\D", "", re.findall(r"here: ([\d,.]+) files", earlier.inner_text())[0]))
        first.page.locator("input[webkitdirectory]").set_input_files(folders[first.name])
        for sender in (first, second):
            sender.wait_for(len(list(folders[sender.name].iterdir())), timeout_s)
        for sender in (first, second):
            sender.finish(timeout_s)
        return at_kill, found
    finally:
        first.close()
        second.close()
