"""Two browsers send 2,000 photos each to one dataset; one is killed on the way, opened again, and goes on.

    .venv/bin/python -m benchmarks.datasets.two_uploads --files 2000

A real site on a free port, and headless Chromium twice. It ends with an error unless every file is there once.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

PEOPLE = ("alice", "bob")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=2000, help="Photos of each person.")
    parser.add_argument("--timeout", type=int, default=1800, help="Seconds that each step may take.")
    options = parser.parse_args()
    # What the helpers of the browser tests import wants settings; the site itself has a folder of its own.
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    with tempfile.TemporaryDirectory(prefix="sw-site-two-uploads-") as folder:
        print(json.dumps(run(Path(folder), options.files, options.timeout), indent=2))


def run(folder: Path, files: int, timeout_s: int) -> dict[str, float]:
    from playwright.sync_api import sync_playwright

    from tests.e2e.conftest import BROWSERS, start_site
    from tests.e2e.uploading import add_person, files_of, make_dataset, signed_in, two_at_once, write_photos

    folders = {name: folder / name for name in PEOPLE}
    names = [file for n, name in enumerate(PEOPLE) for file in write_photos(folders[name], files, 90 * n)]
    chromium = next(filter(None, map(shutil.which, BROWSERS)))
    site = start_site(folder / "site", SW_DEMO="0")
    try:
        for name in PEOPLE:
            add_person(site, name)
        with sync_playwright() as playwright, signed_in(site, PEOPLE[0]) as session:
            slug = make_dataset(site, session, "Two uploads")
            started = time.monotonic()
            at_kill, found = two_at_once(playwright.chromium, chromium, site, slug, folders, timeout_s)
            seconds = time.monotonic() - started
            there = files_of(site, session, slug)
    finally:
        site.stop()
    assert there == dict.fromkeys(names, 1), f"{len(there)} names, {sum(there.values())} files instead of {len(names)}"
    return {"files": len(names), "whole_at_kill": at_kill, "found_whole_again": found, "seconds": round(seconds, 1)}


if __name__ == "__main__":
    main()
