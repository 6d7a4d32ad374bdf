"""What a browser still has of an edit when all of its processes are killed (-9) some milliseconds after it.

    .venv/bin/python -m benchmarks.editor.browser_kill [--times 6]

Each time: a profile of its own, a site that takes no saves, a box moved by a key, the wait, the kill; then the browser
is started again and asked what lies in localStorage and in IndexedDB. Prints one JSON object: of how many kills each
place had the edit, by the milliseconds in between. A tab alone that is killed loses nothing: tests/e2e/test_unsaved.py.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.editor.parts import browser_program, site_and_browser

WAITS = (0, 20, 50, 100, 300, 7000)
READ = """async () => {
  const opened = await new Promise((resolve) => {
    const opening = indexedDB.open("sw_site_unsaved", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("pages", { keyPath: "key" });
    opening.onsuccess = () => resolve(opening.result);
  });
  const written = await new Promise((resolve) => {
    const asking = opened.transaction("pages").objectStore("pages").count();
    asking.onsuccess = () => resolve(asking.result);
  });
  return { localStorage: Object.keys(localStorage).some((key) => key.startsWith("unsaved:")), IndexedDB: written > 0 };
}"""


class Browsers:
    """Browsers on copies of one signed-in profile."""

    def __init__(self, chromium: Any, folder: Path, site: Any, photo: int) -> None:
        from tests.e2e.conftest import enter

        self.chromium, self.folder, self.site, self.photo = chromium, folder, site, photo
        self.path = browser_program()
        context = self.start(folder / "signed-in")
        enter(context.new_page(), site)
        context.close()

    def start(self, profile: Path) -> Any:
        from tests.e2e.conftest import FLAGS

        return self.chromium.launch_persistent_context(str(profile), executable_path=self.path, args=FLAGS)

    def kept_after(self, wait: int) -> dict[str, bool]:
        """Edit, wait so many milliseconds, kill, and look."""
        profile = self.folder / "profile"
        shutil.copytree(self.folder / "signed-in", profile, ignore=shutil.ignore_patterns("Singleton*"))
        self.edit_and_kill(profile, wait)
        for lock in profile.glob("Singleton*"):
            lock.unlink()
        context = self.start(profile)
        page = context.new_page()
        page.goto(f"{self.site.url}/static/no-such-file")  # of the same origin, without the scripts of the site
        kept = dict(page.evaluate(READ))
        context.close()
        shutil.rmtree(profile, ignore_errors=True)
        return kept

    def edit_and_kill(self, profile: Path, wait: int) -> None:
        from playwright.sync_api import Error

        from tests.e2e.labelling import open_editor

        context = self.start(profile)
        context.route("**/operations", lambda route: route.abort())
        page = context.new_page()
        open_editor(page, self.site, self.photo)
        page.keyboard.press("Tab")
        processes = processes_of(profile)
        page.keyboard.press("ArrowRight")
        time.sleep(wait / 1000)
        for process in processes:
            process.kill()
        with suppress(Error):
            context.close()


def processes_of(profile: Path) -> list[Any]:
    import psutil

    def is_of(process: Any) -> bool:
        try:
            return str(profile) in " ".join(process.cmdline())
        except psutil.Error:
            return False

    main = [process for process in psutil.process_iter() if is_of(process)]
    return list({one.pid: one for process in main for one in [process, *process.children(recursive=True)]}.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=6, help="Kills of each wait.")
    options = parser.parse_args()
    with site_and_browser() as (site, browser, photos):
        from tests.e2e.faults import make_photo  # wants the settings that were set up

        browsers = Browsers(browser.browser_type, photos.parent, site, make_photo(site, photos))
        kept = {wait: [browsers.kept_after(wait) for _ in range(options.times)] for wait in WAITS}
    counts = {
        f"{wait} ms": {place: sum(one[place] for one in found) for place in found[0]} for wait, found in kept.items()
    }
    print(json.dumps({"benchmark": "editor_browser_kill", "kills_each": options.times, "kept": counts}, indent=1))


if __name__ == "__main__":
    main()
