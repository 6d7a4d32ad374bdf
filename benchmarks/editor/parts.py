"""What the benchmarks of the editor share: a served site of their own and a headless browser in front of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.e2e.conftest import Site


@contextmanager
def site_and_browser() -> Iterator[tuple[Site, Browser, Path]]:
    """Both running, and an empty folder for photos; everything is gone afterwards."""
    # What the helpers of the tests import wants settings; the site itself has a folder of its own.
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from playwright.sync_api import sync_playwright

    from tests.e2e.conftest import FLAGS, start_site

    with tempfile.TemporaryDirectory(prefix="sw-site-editor-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_program(), args=FLAGS)
        site = start_site(Path(folder) / "site", SW_DEMO="0")
        try:
            (photos := Path(folder) / "photos").mkdir()
            yield site, browser, photos
        finally:
            browser.close()
            site.stop()


def browser_program() -> str:
    """Path of the installed Chromium; StopIteration when there is none."""
    from tests.e2e.conftest import BROWSERS

    return next(filter(None, map(shutil.which, BROWSERS)))
