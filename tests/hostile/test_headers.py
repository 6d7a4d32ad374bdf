"""What every answer says to the browser, whoever asks and whatever goes wrong; and what production adds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tests.access.cast import make_things
from tests.access.filling import address
from tests.access.test_matrix import MATRIX

ROOT = Path(__file__).resolve().parents[2]
READ = sorted(route for method, route in MATRIX if method == "GET")
#: Answers for machines, given before anything else is asked.
PROBES = {"health", "ready", "metrics"}
#: Brings a policy of its own (training/views/boards.py); here nothing answers behind it.
OWN_POLICY = {"training/tensorboard/<slug:key>/", "training/tensorboard/<slug:key>/<path:path>"}
#: The page of the API's document sets no style or script of its own either.
LOOSE = ("unsafe-inline", "unsafe-eval", "unsafe-hashes", "*", "http:", "https:")


@pytest.fixture
def things(db, settings, tmp_path):
    settings.TEAM_ROLE = "nobody"
    return SimpleNamespace(**vars(make_things()), folder=str(tmp_path))


@pytest.fixture
def admin(things) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(things.users["admin"])
    return client


def missing(answer: Any) -> list[str]:
    policy = dict(
        part.strip().split(" ", 1)
        for part in answer.headers.get("Content-Security-Policy", "").split(";")
        if part.strip()
    )
    wanted = {
        "default-src": "'self'",
        "object-src": "'none'",
        "frame-ancestors": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
    }
    found = [f"{name} is {policy.get(name)}" for name, value in wanted.items() if policy.get(name) != value]
    found += [f"{name} allows {one}" for name, value in policy.items() for one in LOOSE if one in value.split()]
    plain = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return found + [name for name, value in plain.items() if answer.headers.get(name) != value]


def test_every_answer_forbids_foreign_scripts_frames_and_guessing(things, admin):
    wrong = {}
    for route in READ:
        if route not in OWN_POLICY:
            answer = admin.get(address(route, things))
            if found := missing(answer):
                wrong[route, answer.status_code] = found
    assert wrong == {}


def test_refusals_and_faults_too(admin, visitor, monkeypatch):
    from sw_site import pages

    answers = {
        "absent": admin.get("/nowhere/"),
        "absent in the API": admin.get("/api/v1/nowhere"),
        "sent to the door": visitor.get("/datasets/"),
        "not signed in": visitor.get("/api/v1/datasets/"),
        "wrong method": admin.get("/sign-out/"),
        "no token of the form": Client(enforce_csrf_checks=True).post("/sign-in/", {}),
        "bad token": visitor.get("/api/v1/datasets/", headers={"Authorization": "Bearer sw_x"}),
        "foreign host": Client(headers={"Host": "evil.example"}).get("/sign-in/"),
        "admin": admin.get("/admin/login/"),
    }
    monkeypatch.setattr(pages, "TemplateResponse", lambda *args: 1 / 0)
    answers["fault"] = admin.get("/")
    assert [answers[name].status_code for name in ("fault", "no token of the form", "bad token")] == [500, 403, 401]
    assert {name: found for name, answer in answers.items() if (found := missing(answer))} == {}


def test_a_fault_tells_nothing_of_the_inside(admin, monkeypatch):
    from sw_site import pages

    def fail(*args: Any) -> None:
        raise RuntimeError("s3cr3t-path /srv/data")

    monkeypatch.setattr(pages, "TemplateResponse", fail)
    content = admin.get("/").content.decode()
    assert "s3cr3t" not in content and "Traceback" not in content and "/srv" not in content


def test_cookies_are_kept_from_scripts_and_other_sites(alice, visitor):
    visitor.post("/sign-in/", {"username": "alice", "password": "secret-42-pass"})
    session = visitor.cookies["sessionid"]
    assert session["httponly"] and session["samesite"] == "Lax"
    assert visitor.cookies["csrftoken"]["samesite"] == "Lax"


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = {"DJANGO_SETTINGS_MODULE": "sw_site.settings", **environment}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_deployment_checks_are_clean(tmp_path):
    done = manage("check", "--deploy", "--fail-level", "INFO", SW_HTTPS="1", DATA_DIR=str(tmp_path))
    assert done.returncode == 0 and "no issues" in done.stdout, done.stdout + done.stderr


ASKED = """
import json
from django.test import Client
secure, plain = Client(), Client()
answer = secure.get("/sign-in/", secure=True)
cookie = answer.cookies["csrftoken"]
script = secure.get("/static/js/theme.js", secure=True)
from django.conf import settings
print(json.dumps({"hsts": answer.headers.get("Strict-Transport-Security"), "csrf": bool(cookie["secure"]),
  "kind": script.headers["Content-Type"].split(";")[0], "guess": script.headers["X-Content-Type-Options"],
  "session": settings.SESSION_COOKIE_SECURE, "plain": plain.get("/sign-in/").status_code, "debug": settings.DEBUG}))
"""


def test_over_tls_cookies_and_links_stay_there(tmp_path):
    assert manage("collectstatic", "--no-input", "-v0", DATA_DIR=str(tmp_path)).returncode == 0
    done = manage("shell", "-v", "0", "-c", ASKED, SW_HTTPS="1", SW_HOSTS="testserver", DATA_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "hsts": "max-age=31536000; includeSubDomains; preload",
        "kind": "text/javascript", "guess": "nosniff", "csrf": True, "session": True, "plain": 301, "debug": False,
    }  # fmt: skip


def test_the_key_of_the_site_is_for_its_owner_alone(tmp_path):
    done = manage("check", DATA_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    key = tmp_path / "secret_key"
    assert key.stat().st_mode & 0o077 == 0 and len(key.read_text().strip()) >= 50
    assert key.read_text().strip() not in done.stdout + done.stderr
