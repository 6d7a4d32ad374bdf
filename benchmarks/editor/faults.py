"""Edits of one person in headless Chromium, while the server, the tab, the network and the session fail at random.

    .venv/bin/python -m benchmarks.editor.faults [--edits 1000] [--seed 1]

Real pointer and key events: boxes drawn, moved, dragged, relabelled, deleted, undone and done again. After one edit in
ten, at a random moment: the web process is killed (-9) and comes back, the processes of all tabs are killed and the
photo is opened again (also in the moment of an edit), the tab is closed, the network goes away, a request or only its
answer is lost, the session ends and the person signs in again. Whenever the photo is opened again, it must look as it
did after the last edit; at the end the screen and the server are the same, every acknowledged batch was done, and none
twice.
Prints one JSON object; goal: no fault.
"""

from __future__ import annotations

import argparse
import json
import time

from benchmarks.editor.parts import site_and_browser

SHARE = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edits", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="The same seed, the same edits and troubles.")
    options = parser.parse_args()
    with site_and_browser() as (site, browser, photos):
        from tests.e2e.faults import make_photo, run_faults  # wants the settings that were set up

        context = browser.new_context(viewport={"width": 1440, "height": 900})
        started = time.monotonic()
        photo = make_photo(site, photos)
        found = run_faults(site, context, photo, edits=options.edits, seed=options.seed, share=SHARE)
        seconds = round(time.monotonic() - started)
    print(json.dumps({"benchmark": "editor_faults", **found, "seconds": seconds, "met": not found["faults"]}, indent=1))


if __name__ == "__main__":
    main()
