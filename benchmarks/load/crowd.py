"""People at the site, as locust runs them: python -m benchmarks.load.crowd PLAN.json

The plan says where the site is, who is signed in how, and how many people of each kind come when. Every few seconds a
line of JSON tells what the requests since the last line took; no request is sent before the answer to the one before.
"""

from __future__ import annotations

import json
import random
import sys
import uuid
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
from locust import FastHttpUser, between, constant, events, task
from locust.env import Environment

PLAN: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text()) if len(sys.argv) > 1 else {}
#: Kinds of request, each with a goal of its own.
SAVE, PAGE, PICTURE, OTHER = "save", "page", "picture", "other"


class Person(FastHttpUser):
    """Signed in by a session of their own."""

    abstract = True
    host = PLAN.get("url")
    network_timeout = connection_timeout = 30.0

    def on_start(self) -> None:
        self.rng = random.Random(len(PLAN["sessions"]))
        session = PLAN["sessions"].pop()
        self.rng.seed(session)
        self.headers = {"Cookie": f"sessionid={session}; csrftoken={'a' * 32}", "X-CSRFToken": "a" * 32}

    def ask(self, kind: str, method: str, path: str, **what: Any) -> Any:
        what["headers"] = {**self.headers, **what.get("headers", {})}
        return self.client.request(method, path, name=kind, allow_redirects=False, **what)


class Labeller(Person):
    """Takes a photo from the queue, draws three boxes, a save each, and takes the next: some ten seconds a photo."""

    wait_time = constant(0)

    def on_start(self) -> None:
        super().on_start()
        self.image = None
        self.think(0, 10)

    def think(self, least: float, most: float) -> None:
        gevent.sleep(self.rng.uniform(least, most))

    @task
    def label(self) -> None:
        answer = self.ask(
            OTHER, "POST", f"/api/v1/datasets/{PLAN['slug']}/queue", json={"work": "label", "done": self.image}
        )
        if answer.status_code != 200 or not answer.json()["image"]:
            return self.think(5, 10)
        self.image = answer.json()["image"]
        self.ask(PAGE, "GET", answer.json()["url"])
        self.ask(OTHER, "POST", f"/api/v1/datasets/images/{self.image}/presence")
        state = self.ask(OTHER, "GET", f"/api/v1/datasets/images/{self.image}/boxes").json()
        revision = state["revision"]
        for _ in range(3):
            self.think(2, 4)
            revision = self.save(revision)

    def save(self, revision: int) -> int:
        x, y = self.rng.randrange(500), self.rng.randrange(350)
        box = {"class_id": self.rng.choice(PLAN["classes"]), "x1": x, "y1": y, "x2": x + 90, "y2": y + 70}
        operation = {"id": str(uuid.uuid4()), "box": box, "was": None}
        body = {"batch": str(uuid.uuid4()), "base_revision": revision, "operations": [operation]}
        answer = self.ask(SAVE, "POST", f"/api/v1/datasets/images/{self.image}/operations", json=body)
        return int(answer.json()["revision"]) if answer.status_code == 200 else revision


class Looker(Person):
    """Looks through the grid by filters, at the thumbnails, and at what is being trained."""

    wait_time = between(3, 6)
    PAGES = (
        "/",
        "/datasets/",
        "/datasets/sets/{slug}/?page={n}",
        "/datasets/sets/{slug}/?state=labelled",
        "/datasets/sets/{slug}/health/",
        "/datasets/sets/{slug}/review/",
        "/training/",
    )

    @task
    def look(self) -> None:
        path = self.rng.choice(self.PAGES).format(slug=PLAN["slug"], n=self.rng.randrange(1, 20))
        answer = self.ask(PAGE, "GET", path)
        thumbs = [part.split('"')[0] for part in answer.text.split('src="')[1:] if "/thumb/" in part.split('"')[0]]
        for thumb in thumbs[:12]:
            self.ask(PICTURE, "GET", thumb)


class Uploader(Person):
    """Sends photos in pieces, fifteen and then the order to take them in; a photo every second or two."""

    wait_time = between(1, 2)

    def on_start(self) -> None:
        super().on_start()
        self.sent = 0

    @task
    def upload(self) -> None:
        data = Path(PLAN["photo"]).read_bytes() + self.rng.randbytes(1000)
        tus, name = {"Tus-Resumable": "1.0.0"}, b64encode(f"{uuid.uuid4()}.jpg".encode()).decode()
        head = {**tus, "Upload-Length": str(len(data)), "Upload-Metadata": f"filename {name}"}
        made = self.ask(OTHER, "POST", f"/api/v1/uploads/{PLAN['slug']}", headers=head)
        if made.status_code != 201:
            return
        to, half = urlsplit(made.headers["Location"]).path, len(data) // 2
        for at, piece in ((0, data[:half]), (half, data[half:])):
            kind = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(at)}
            self.ask(OTHER, "PATCH", to, data=piece, headers={**tus, **kind})
        self.sent += 1
        if self.sent % 15 == 0:
            key = {"Idempotency-Key": str(uuid.uuid4())}
            self.ask(OTHER, "POST", f"/api/v1/uploads/{PLAN['slug']}/finish", json={"leave_out": True}, headers=key)


KINDS: dict[str, type[Person]] = {"labellers": Labeller, "lookers": Looker, "uploaders": Uploader}


class Book:
    """What requests took since the last line, in milliseconds, by kind; and the first of those that failed."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {}
        self.wrong: list[str] = []
        self.failed = 0
        events.request.add_listener(self.note)

    def note(self, name: str, response_time: float, exception: Any, **rest: Any) -> None:
        self.times.setdefault(name, []).append(response_time)
        if exception:
            self.failed += 1
            self.wrong.append(f"{name} {rest.get('response') and rest['response'].url}: {exception}")

    def line(self, seconds: float) -> dict[str, Any]:
        kinds = {kind: figures(sorted(times), seconds) for kind, times in sorted(self.times.items())}
        told = {"kinds": kinds, "failed": self.failed, "wrong": self.wrong[:5]}
        self.times, self.wrong, self.failed = {}, [], 0
        return told


def figures(times: list[float], seconds: float) -> dict[str, float]:
    def part(share: float) -> float:
        return round(times[min(int(share * len(times)), len(times) - 1)], 1)

    return {"per_second": round(len(times) / seconds, 1), "p50": part(0.5), "p95": part(0.95), "most": part(1)}


def main() -> None:
    environment = Environment(user_classes=list(KINDS.values()), events=events)
    runner, book = environment.create_local_runner(), Book()
    here = dict.fromkeys(KINDS, 0)
    for step in PLAN["steps"]:
        more = {
            KINDS[kind].__name__: count - here[kind] for kind, count in step["people"].items() if count > here[kind]
        }
        runner.spawn_users(more)
        here |= step["people"]
        gevent.sleep(step["settle_s"])
        book.line(1)
        for _ in range(step["lines"]):
            gevent.sleep(step["line_s"])
            print(json.dumps({"people": here, **book.line(step["line_s"])}), flush=True)
    runner.quit()


if __name__ == "__main__":
    main()
