"""The people of the day, each a thread: they send again what was not acknowledged, as the site's own pages do."""

from __future__ import annotations

import hashlib
import io
import random
import socket
import threading
import time
import uuid
import zipfile
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.factories import picture_bytes
from tests.faults.ledger import Ledger
from tests.voc import voc_xml

PASSWORD = "secret-42-pass"
PAUSE_SECONDS = 0.2
TIMEOUT = 20
PIECE = 20_000


class TheEnd(Exception):
    """The day is over."""


class Person(threading.Thread):
    """`asked` and the rest give an answer below 500, however long that takes."""

    def __init__(self, name: str, url: str, seed: int, ledger: Ledger, end: threading.Event) -> None:
        super().__init__(daemon=True, name=name)
        self.url, self.ledger, self.end, self.rng = url, ledger, end, random.Random(f"{seed} {name}")
        self.cut = threading.Event()
        self.error = ""
        self.browser = requests.Session()

    def run(self) -> None:
        try:
            self.work()
        except TheEnd:
            return
        except Exception as error:
            self.error = f"{self.name}: {type(error).__name__}: {error}"

    def work(self) -> None:
        raise NotImplementedError

    def sign_in(self) -> bool:
        self.browser = requests.Session()
        token = "a" * 32
        self.browser.cookies.set("csrftoken", token)
        form = {"username": self.name, "password": PASSWORD, "csrfmiddlewaretoken": token}
        answer = self.browser.post(f"{self.url}/sign-in/", form, timeout=TIMEOUT, allow_redirects=False)
        given = [cookie for cookie in self.browser.cookies if cookie.name == "csrftoken" and cookie.domain]
        if given:  # ours has no domain, and signing in changes the token
            self.browser.cookies.clear("", "/", "csrftoken")
            token = given[0].value or token
        self.browser.headers["X-CSRFToken"] = token
        return answer.status_code == 302

    def ask(self, method: str, path: str, patience: bool = True, **what: Any) -> requests.Response:
        """Sends until there is an answer that is neither a fault nor “not now”; signs in when the session is gone."""
        while True:
            try:
                if "sessionid" not in self.browser.cookies:
                    self.sign_in()
                answer = self.browser.request(method, f"{self.url}/api/v1{path}", timeout=TIMEOUT, **what)
                self.ledger.answers[answer.status_code] += 1
                if answer.status_code == 401:
                    self.browser.cookies.clear()
                elif answer.status_code < 500 and not (patience and answer.status_code in (423, 429)):
                    return answer
            except requests.RequestException:
                self.ledger.answers[0] += 1
            self.rest(PAUSE_SECONDS)

    def send_once(self, path: str, **what: Any) -> requests.Response:
        """A POST with a key, until it was done; with a new one where nobody can know whether it was."""
        key = self.new_key()
        deadline = time.monotonic() + 60
        while True:
            answer = self.ask("POST", path, headers={"Idempotency-Key": key}, **what)
            code = answer.json()["error"]["code"] if answer.status_code == 409 else ""
            if "disk_full" in answer.text[:200] and answer.status_code == 422:
                self.rest(1)  # said before anything was begun: a person frees space and presses again
                key = self.new_key()
            elif code == "interrupted":
                key = self.new_key()
            elif code != "in_progress" or time.monotonic() > deadline:
                return answer
            self.rest(PAUSE_SECONDS)

    def new_key(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128)))

    def rest(self, seconds: float) -> None:
        if self.end.wait(seconds):
            raise TheEnd


class Labeller(Person):
    """Draws, moves and deletes boxes; every save has a number of its own and is sent until it is acknowledged."""

    def __init__(self, *args: Any, images: list[int], classes: list[int]) -> None:
        super().__init__(*args)
        self.images, self.classes = images, classes
        self.revisions = dict.fromkeys(images, 0)
        self.mine: dict[str, tuple[int, dict[str, Any]]] = {}

    def work(self) -> None:
        while not self.end.is_set():
            image, box, was, to = self.choose()
            self.save(image, box, was, to)
            self.rest(self.rng.uniform(0.02, 0.25))

    def choose(self) -> tuple[int, str, dict[str, Any] | None, dict[str, Any] | None]:
        if self.mine and self.rng.random() < 0.5:
            box = self.rng.choice(sorted(self.mine))
            image, was = self.mine[box]
            return image, box, was, None if self.rng.random() < 0.3 else self.values()
        return self.rng.choice(self.images), self.new_key(), None, self.values()

    def values(self) -> dict[str, Any]:
        x, y = self.rng.randrange(0, 300), self.rng.randrange(0, 200)
        return {"class_id": self.rng.choice(self.classes), "x1": x, "y1": y, "x2": x + 50.5, "y2": y + 40.25}

    def save(self, image: int, box: str, was: dict[str, Any] | None, to: dict[str, Any] | None) -> None:
        batch = self.new_key()
        body = {"batch": batch, "base_revision": self.revisions[image]}
        body["operations"] = [{"id": box, "box": to, "was": was}]
        path = f"/datasets/images/{image}/operations"
        self.ledger.begin(box, to)
        if self.cut.is_set():
            self.cut.clear()
            self.send_and_leave(path, body)
        answer = self.ask("POST", path, json=body)
        if answer.status_code != 200:
            self.ledger.note(f"{self.name}: a save was refused with {answer.status_code} {answer.text[:300]}")
            self.rest(1)
            return
        self.revisions[image] = answer.json()["revision"]
        self.ledger.edit(image, box, to, batch)
        self.mine.pop(box, None)
        if to:
            self.mine[box] = (image, to)

    def send_and_leave(self, path: str, body: dict[str, Any]) -> None:
        """The request goes out, all of it or half, and nobody waits for the answer."""
        request = self.browser.prepare_request(requests.Request("POST", f"{self.url}/api/v1{path}", json=body))
        head = f"POST /api/v1{path} HTTP/1.1\r\nHost: {urlsplit(self.url).netloc}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in request.headers.items()) + "\r\n"
        data = request.body if isinstance(request.body, bytes) else str(request.body).encode()
        try:
            with socket.create_connection(("127.0.0.1", urlsplit(self.url).port), timeout=5) as line:
                line.sendall(head.encode() + data[: self.rng.choice([len(data), len(data) // 2])])
        except OSError:
            return


class Uploader(Person):
    """Photos in pieces, then archives; a photo counts as given when the site has its last byte.

    Goes home with nothing half sent: whoever hands in what was uploaded leaves out what is not whole.
    """

    def __init__(self, *args: Any, slug: str) -> None:
        super().__init__(*args)
        self.slug, self.day_is_over = slug, self.end
        self.end = threading.Event()

    def work(self) -> None:
        for n in range(1000):
            if self.day_is_over.is_set():
                return
            data = picture_bytes(320, 240, colour=tuple(self.rng.randrange(256) for _ in range(3)))
            self.upload(f"{self.name}-{n}.jpg", data + self.rng.randbytes(30_000))
            if n % 4 == 3:
                self.finish()
                self.bring_archive(n)
            self.rest(self.rng.uniform(0.1, 0.6))

    def upload(self, name: str, data: bytes) -> None:
        tus = {"Tus-Resumable": "1.0.0"}
        head = {
            **tus,
            "Upload-Length": str(len(data)),
            "Upload-Metadata": f"filename {b64encode(name.encode()).decode()}",
        }
        made = self.ask("POST", f"/uploads/{self.slug}", headers=head)
        if made.status_code != 201:
            return self.ledger.note(f"an upload was refused with {made.status_code} {made.text[:200]}")
        path, at = urlsplit(made.headers["Location"]).path.removeprefix("/api/v1"), int(made.headers["Upload-Offset"])
        while at < len(data):
            patch = {**tus, "Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}
            answer = self.ask("PATCH", path, headers=patch, data=data[at : at + PIECE])
            if answer.status_code != 204:
                answer = self.ask("HEAD", path, headers=tus)
            if answer.status_code not in (200, 204):
                return self.ledger.note(f"an upload was lost: {answer.status_code} {answer.text[:200]}")
            at = int(answer.headers["Upload-Offset"])
        self.ledger.photo(hashlib.sha256(data).hexdigest())

    def finish(self) -> None:
        answer = self.send_once(f"/uploads/{self.slug}/finish", json={"leave_out": True})
        if answer.status_code != 202:
            self.ledger.note(f"finishing was refused with {answer.status_code} {answer.text[:200]}")

    def bring_archive(self, n: int) -> None:
        buffer, photos = io.BytesIO(), []
        with zipfile.ZipFile(buffer, "w") as archive:
            for k in range(3):
                photos.append(picture_bytes(320, 240) + self.rng.randbytes(64))
                archive.writestr(f"a{n}-{k}.jpg", photos[-1])
                boxes = [("BB-8", 10 + k, 20, 110, 80)]
                archive.writestr(f"a{n}-{k}.xml", voc_xml(f"a{n}-{k}.jpg", (320, 240), boxes))
        files = {"files": (f"archive-{n}.zip", buffer.getvalue(), "application/zip")}
        answer = self.send_once(f"/datasets/{self.slug}/imports", files=files)
        if answer.status_code != 202:
            return self.ledger.note(f"an import was refused with {answer.status_code} {answer.text[:200]}")
        for photo in photos:
            self.ledger.photo(hashlib.sha256(photo).hexdigest())


class Trainer(Person):
    """Freezes, trains, measures and exports, once or twice in a day; `runs` are the ids of what was started."""

    def __init__(self, *args: Any, slug: str, version_id: Callable[[int], int], steps: int) -> None:
        super().__init__(*args)
        self.slug, self.version_id, self.steps, self.runs = slug, version_id, steps, []
        self.measured: list[int] = []

    def work(self) -> None:
        for n in range(1000):
            made = self.send_once(
                f"/datasets/{self.slug}/versions",
                json={"split": "0.5,0.4,0.1", "name": f"v{n}", "shots_together": False},
            )
            version = self.version_id(made.json()["number"])
            started = self.send_once(
                "/training/runs", json={"version": version, "steps": self.steps, "name": f"day {n}"}
            )
            if started.status_code != 201:
                return self.ledger.note(f"a run was refused with {started.status_code} {started.text[:300]}")
            self.runs.append(started.json()["id"])
            self.follow(self.runs[-1], version)
            self.send_once(f"/datasets/{self.slug}/exports", json={"format": "coco", "version": made.json()["number"]})

    def follow(self, run: int, version: int) -> None:
        while True:
            self.rest(0.5)
            now = self.ask("GET", f"/training/runs/{run}").json()
            if now["model"]:
                body = {"model": now["model"], "version": version, "split": "val"}
                answer = self.send_once("/detections/evaluations", json=body)
                if answer.status_code != 202:
                    self.ledger.note(f"an evaluation was refused with {answer.status_code} {answer.text[:200]}")
                self.send_once(f"/training/models/{now['model']}/exports", json={"format": "saved_model"})
                return
            if now["state"] in ("failed", "cancelled"):
                return  # the evening looks after it
