"""Saves of eight boxes through the served site: one client after the other, 20 at once, 50 at once.

    .venv/bin/python -m benchmarks.editor.saves [--postgres] [--saves 20]

A real site on a free port (`manage.py serve` with its own settings), and clients in a process of their own, each on an
image of its own, as labellers are. Every save moves all eight boxes; at the end every image must hold what its last
save said. Prints one JSON object. Goals: 20 ms (median) and 60 ms (p95) alone, p95 200 ms with 20 and 400 ms with 50,
and no error. Label Studio on such a machine: 84 and 92 ms alone, p95 3.8 s with 20.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

BOXES, ALONE, CROWDS = 8, 100, (20, 50)
GOALS = {"alone_p50_ms": 20, "alone_p95_ms": 60, "20_at_once_p95_ms": 200, "50_at_once_p95_ms": 400}
GOALS |= {"errors": 0, "wrong_images": 0}


class Client:
    """A labeller: a connection of its own and an image of its own."""

    def __init__(self, url: str, cookies: dict[str, str], image: int, class_id: int) -> None:
        import urllib3

        # Of the clients at hand the one that takes least of the processors it shares with the site.
        self.pool = urllib3.connection_from_url(url, maxsize=1)
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self.headers = {"Cookie": cookie, "X-CSRFToken": cookies["csrftoken"], "Content-Type": "application/json"}
        self.path = f"/api/v1/datasets/images/{image}"
        self.class_id, self.errors = class_id, 0
        self.revision = self.state()["revision"]
        self.boxes: dict[str, dict[str, Any] | None] = {str(uuid.uuid4()): None for _ in range(BOXES)}

    def save(self, step: int) -> float:
        """Milliseconds of one save that makes or moves every box."""
        wanted = {pk: self.values(index, step) for index, pk in enumerate(self.boxes)}
        operations = [{"id": pk, "box": wanted[pk], "was": was} for pk, was in self.boxes.items()]
        body = json.dumps({"batch": str(uuid.uuid4()), "base_revision": self.revision, "operations": operations})
        started = time.perf_counter()
        answer = self.pool.urlopen("POST", f"{self.path}/operations", body, self.headers)
        taken = 1000 * (time.perf_counter() - started)
        if answer.status == 200:
            self.revision, self.boxes = answer.json()["revision"], dict(wanted)
        else:
            self.errors += 1
        return taken

    def values(self, index: int, step: int) -> dict[str, Any]:
        left = 10.0 * index + step % 50
        return {"class_id": self.class_id, "x1": left, "y1": 20.0, "x2": left + 60, "y2": 90.0}

    def state(self) -> dict[str, Any]:
        return dict(self.pool.urlopen("GET", f"{self.path}/boxes", headers=self.headers).json())

    def is_right(self) -> bool:
        return {row["id"]: row["x1"] for row in self.state()["boxes"]} == {
            pk: box["x1"] for pk, box in self.boxes.items() if box
        }


def sign_in(site: Any) -> dict[str, str]:
    import requests

    session = requests.Session()
    login = session.get(f"{site.url}/", allow_redirects=True)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', login.text)
    assert token, login.text[:300]
    form = {"username": "admin", "password": site.password, "csrfmiddlewaretoken": token.group(1)}
    answer = session.post(login.url, data=form, headers={"Referer": login.url})
    assert "sessionid" in session.cookies, answer.status_code
    return dict(session.cookies)


def crowd(clients: list[Client], saves: int) -> list[float]:
    together = threading.Barrier(len(clients))

    def work(client: Client) -> list[float]:
        together.wait()
        return [client.save(step) for step in range(saves)]

    with ThreadPoolExecutor(len(clients)) as pool:
        return [taken for times in pool.map(work, clients) for taken in times]


def figures(name: str, times: list[float]) -> dict[str, float]:
    p95 = statistics.quantiles(times, n=20)[-1]
    return {f"{name}_p50_ms": round(statistics.median(times), 1), f"{name}_p95_ms": round(p95, 1)}


def run(folder: Path, saves: int, environment: dict[str, str]) -> dict[str, Any]:
    from tests.e2e.conftest import start_site
    from tests.e2e.labelling import command
    from tests.factories import picture_bytes
    from tests.voc import voc_xml

    photos = folder / "photos"
    photos.mkdir()
    for number in range(max(CROWDS) + 1):
        (photos / f"{number}.jpg").write_bytes(picture_bytes())
        (photos / f"{number}.xml").write_bytes(voc_xml(boxes=[]) if number else voc_xml())
    site = start_site(folder / "site", SW_DEMO="0", **environment)
    try:
        command(site, "import_dataset", str(photos), "--dataset", "Saves", environment=environment)
        images = command(site, "edit_images", "Saves", "list", environment=environment)["images"]
        cookies = sign_in(site)
        first = Client(site.url, cookies, images[0]["id"], 0)
        class_id = first.state()["boxes"][0]["class_id"]
        clients = [Client(site.url, cookies, image["id"], class_id) for image in images[1:]]
        reached = figures("alone", [clients[0].save(step) for step in range(ALONE)])
        for count in CROWDS:
            reached |= figures(f"{count}_at_once", crowd(clients[:count], saves))
        reached["errors"] = sum(client.errors for client in clients)
        reached["wrong_images"] = sum(not client.is_right() for client in clients)
    finally:
        site.stop()
    return reached


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--postgres", action="store_true", help="On a Postgres of its own, not on SQLite.")
    parser.add_argument("--saves", type=int, default=20, help="Saves of each of many clients.")
    options = parser.parse_args()
    # What the helpers of the tests import wants settings; the site itself has a folder of its own.
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    with ExitStack() as until_the_end:
        folder = Path(until_the_end.enter_context(tempfile.TemporaryDirectory(prefix="sw-site-saves-")))
        environment = {}
        if options.postgres:
            from tests.postgres import postgres_server

            environment["DATABASE_URL"] = until_the_end.enter_context(
                postgres_server("fsync=on", "synchronous_commit=on")
            )
        reached = run(folder, options.saves, environment)
    met = {name: reached[name] <= goal for name, goal in GOALS.items()}
    database = "postgres" if options.postgres else "sqlite"
    print(
        json.dumps({"benchmark": "editor_saves", "database": database, **reached, "goals": GOALS, "met": met}, indent=1)
    )


if __name__ == "__main__":
    main()
