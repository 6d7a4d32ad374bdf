"""Forged requests, planted sessions, guessed passwords, names that are looked for, redirects that lead away."""

from __future__ import annotations

import re
from types import SimpleNamespace
from urllib.parse import urljoin

import pytest
from django.contrib.auth import hashers
from django.core.cache import cache
from django.test import Client

from sw_site.team.throttling import TRIES, TRIES_FROM_ADDRESS
from tests.access.cast import make_things
from tests.access.filling import address, body_of
from tests.access.test_matrix import MATRIX
from tests.factories import make_user

PASSWORD = "secret-42-pass"
UNSAFE = sorted(key for key in MATRIX if key[0] not in ("GET", "HEAD", "OPTIONS"))
#: TensorBoard asks by POST; whatever it is asked changes nothing (training/views/boards.py).
EXEMPT = {"training/tensorboard/<slug:key>/", "training/tensorboard/<slug:key>/<path:path>"}
ELSEWHERE = [
    "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
    "http:evil.example", "///evil.example", " //evil.example", "/%09/evil.example", "https:///evil.example",
    "data:text/html,x", "//localhost:80@evil.example", "/\t/evil.example", "\x00//evil.example",
]  # fmt: skip


@pytest.fixture(autouse=True)
def no_tries_yet():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def things(db, settings, tmp_path):
    settings.TEAM_ROLE = "nobody"
    settings.IMPORT_ROOTS = [str(tmp_path)]
    settings.URL_IMPORT = True
    return SimpleNamespace(**vars(make_things()), folder=str(tmp_path))


def test_nothing_is_changed_without_the_token_of_the_form(things):
    """Another site can make a browser send its cookies, and nothing else."""
    admin = Client(enforce_csrf_checks=True, raise_request_exception=False)
    admin.force_login(things.users["admin"])
    done = {}
    for method, route in UNSAFE:
        body = body_of(method, route, things) if route.startswith("api/") else {}
        done[method, route] = getattr(admin, method.lower())(address(route, things), **body).status_code
    let_in = {key: status for key, status in done.items() if status not in (401, 403)}
    assert {route for _, route in let_in} <= EXEMPT, let_in
    assert len(done) - len(let_in) > 150


def test_a_token_in_the_cookie_alone_or_from_another_site_is_not_enough(alice):
    careful = Client(enforce_csrf_checks=True)
    careful.get("/sign-in/")
    token = careful.cookies["csrftoken"].value
    good = {"username": "alice", "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert careful.post("/sign-in/", good, headers={"Origin": "https://evil.example"}).status_code == 403
    assert careful.post("/sign-in/", {**good, "csrfmiddlewaretoken": ""}).status_code == 403
    assert careful.post("/sign-in/", good).status_code == 302


@pytest.mark.parametrize("there", ELSEWHERE)
def test_signing_in_leads_to_no_other_site(visitor, there):
    make_user("root", is_staff=True, is_superuser=True)
    answer = visitor.post("/sign-in/", {"username": "root", "password": PASSWORD, "next": there})
    as_browsers_read = re.sub(r"[\t\r\n\0]", "", answer["Location"]).replace("\\", "/").strip()
    assert answer.status_code == 302 and urljoin("http://us/", as_browsers_read).startswith("http://us/")


def test_the_door_of_the_settings_leads_to_the_one_door(visitor, alice):
    """It would not ask for the second factor."""
    make_user("root", is_staff=True, is_superuser=True)
    for answer in (
        visitor.get("/admin/login/"),
        visitor.post("/admin/login/", {"username": "root", "password": PASSWORD, "next": "/admin/"}),
    ):
        assert answer.status_code == 302 and answer["Location"].startswith("/sign-in/?next=")
        assert "_auth_user_id" not in visitor.session
    visitor.force_login(alice)
    assert visitor.get("/admin/login/").status_code == 403


def test_a_planted_session_is_not_signed_in(alice, visitor):
    visitor.get("/sign-in/")
    visitor.session["planted"] = 1
    visitor.cookies["sessionid"] = "a" * 32
    visitor.post("/sign-in/", {"username": "alice", "password": PASSWORD})
    mine = visitor.cookies["sessionid"].value
    assert mine != "a" * 32 and visitor.get("/").status_code == 200
    attacker = Client()
    attacker.cookies["sessionid"] = "a" * 32
    assert attacker.get("/").status_code == 302


def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(alice, visitor):
    visitor.post("/sign-in/", {"username": "alice", "password": PASSWORD})
    copy = Client()
    copy.cookies["sessionid"] = visitor.cookies["sessionid"].value
    assert copy.get("/").status_code == 200
    visitor.post("/sign-out/")
    assert copy.get("/").status_code == 302


def test_a_new_password_ends_the_sessions_of_the_old_one(alice, visitor):
    visitor.post("/sign-in/", {"username": "alice", "password": PASSWORD})
    alice.set_password("another-77-pass")
    alice.save()
    assert visitor.get("/").status_code == 302


def test_nobody_guesses_a_password(visitor):
    door = "/sign-in/"
    make_user("root", is_staff=True, is_superuser=True)
    for n in range(TRIES):
        assert visitor.post(door, {"username": "root", "password": f"guess {n}"}).status_code == 200
    answer = visitor.post(door, {"username": "root", "password": PASSWORD})
    assert answer.status_code == 200 and "Too many wrong tries" in answer.content.decode()


def test_a_forged_address_buys_no_more_tries(visitor, alice):
    for n in range(TRIES_FROM_ADDRESS):
        form = {"username": f"name {n}", "password": "guess"}
        visitor.post("/sign-in/", form, headers={"X-Forwarded-For": f"203.0.113.{n}"})
    form = {"username": "alice", "password": PASSWORD}
    answer = visitor.post("/sign-in/", form, headers={"X-Forwarded-For": "203.0.113.99"})
    assert "Too many wrong tries" in answer.content.decode()


def test_who_has_an_account_is_not_told(visitor, monkeypatch):
    """The same words, and the same work: a password is hashed once for a name that exists and one that does not."""
    make_user("known", is_staff=True)
    make_user("gone", is_staff=True, is_active=False)
    hashed = []
    plain = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", lambda self, *args: hashed.append(1) or plain(self, *args))
    answers = {}
    for name in ("known", "unknown", "gone"):
        hashed.clear()
        answer = visitor.post("/sign-in/", {"username": name, "password": "wrong"})
        answers[name] = (answer.status_code, answer.context["form"].errors.as_json(), len(hashed))
    assert answers["known"] == answers["unknown"] == answers["gone"]
    assert "correct" in answers["known"][1] and answers["known"][2] == 1


def test_the_host_of_a_request_is_one_of_ours(alice, client):
    for host in ("evil.example", "localhost.evil.example", "localhost:80@evil.example"):
        answer = Client(headers={"Host": host}).get("/sign-in/")
        assert answer.status_code == 400 and "evil" not in answer.content.decode()


def test_signing_out_is_no_link(client):
    assert client.get("/sign-out/").status_code == 405
