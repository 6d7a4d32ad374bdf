"""A second factor: set up, asked for, guessed at, lost, taken away, demanded."""

from __future__ import annotations

import base64
import json
import re
import time
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from sw_site.team.audit_models import AuditEntry
from sw_site.team.throttling import TRIES
from tests.factories import make_user

PASSWORD = "secret-42-pass"
AGAIN, APP, CODE, CODES = "/team/ways-in/again/", "/team/ways-in/app/", "/sign-in/code/", "/team/ways-in/codes/"


@pytest.fixture(autouse=True)
def no_codes_used():
    cache.clear()
    yield
    cache.clear()


def code_of(secret: str, steps: int = 0) -> str:
    """What an authenticator app shows (RFC 6238), so many steps of 30 seconds from now."""
    clock = TOTP(base64.b32decode(secret), 6, SHA1(), 30, enforce_key_length=False)  # noqa: S303
    return clock.generate(int(time.time()) + 30 * steps).decode()


def sign_in(client: Client, name: str = "alice", **more: str):
    return client.post("/sign-in/", {"username": name, "password": PASSWORD, **more})


def set_up(client: Client) -> tuple[str, list[str]]:
    """The secret of the app, and the recovery codes, of somebody who is signed in."""
    assert client.post(f"{AGAIN}?next={APP}", {"password": PASSWORD, "next": APP})["Location"] == APP
    page = client.get(APP).content.decode()
    secret = re.search(r"<code data-secret>(\w+)</code>", page)[1]
    assert client.post(APP, {"code": code_of(secret)})["Location"] == CODES
    shown = re.search(r"<code data-codes>([\d\s]+)</code>", client.get(CODES).content.decode())[1]
    return secret, shown.split()


@pytest.fixture
def factor(alice, client):
    """The secret and the codes; nobody is signed in."""
    client.force_login(alice)
    found = set_up(client)
    client.logout()
    return found


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_password_alone_opens_nothing_any_more(client, factor):
    secret, _ = factor
    answer = sign_in(client, next="/jobs/")
    assert answer["Location"] == CODE and not signed_in(client)
    assert client.get("/datasets/").status_code == 302
    assert client.post(CODE, {"code": "000000"}).status_code == 200 and not signed_in(client)
    answer = client.post(CODE, {"code": code_of(secret, 1)})
    assert answer["Location"] == "/jobs/" and signed_in(client)


@pytest.mark.django_db(transaction=True)
def test_setting_it_up_is_noted(factor):
    entry = AuditEntry.objects.get(action="POST team/ways-in/app/")
    assert entry.who == "alice" and "The second factor is on" in entry.summary and entry.detail == {"code": "…"}


def test_a_code_opens_once(client, factor):
    secret, _ = factor
    code = code_of(secret, 1)
    sign_in(client)
    client.post(CODE, {"code": code})
    client.logout()
    sign_in(client)
    assert "not right" in client.post(CODE, {"code": code}).content.decode() and not signed_in(client)


def test_a_code_without_the_password_opens_nothing(client, factor):
    secret, _ = factor
    assert client.post(CODE, {"code": code_of(secret)})["Location"] == "/sign-in/" and not signed_in(client)


def test_codes_are_not_guessed(client, factor):
    secret, _ = factor
    sign_in(client)
    for n in range(TRIES):
        client.post(CODE, {"code": f"{n:06}"})
    answer = client.post(CODE, {"code": code_of(secret, 1)})
    assert "Too many wrong tries" in answer.content.decode() and not signed_in(client)
    assert "Too many wrong tries" in sign_in(Client()).content.decode()


def test_a_recovery_code_opens_once_and_is_noted(client, factor):
    _, codes = factor
    assert len(set(codes)) == 10
    sign_in(client)
    client.post(CODE, {"code": codes[0]})
    assert signed_in(client)
    assert AuditEntry.objects.filter(who="alice", summary="Used a recovery code").count() == 1
    assert client.get("/api/v1/team/second-factor").json()["codes_left"] == 9
    client.logout()
    sign_in(client)
    client.post(CODE, {"code": codes[0]})
    assert not signed_in(client)


def test_recovery_codes_are_shown_once(client, factor):
    secret, codes = factor
    sign_in(client)
    client.post(CODE, {"code": code_of(secret, 1)})
    client.post(f"{AGAIN}?next={CODES}", {"password": PASSWORD, "next": CODES})
    page = client.get(CODES).content.decode()
    assert "10 of 10 codes are left" in page and not any(code in page for code in codes)
    assert client.get(f"{CODES}download/").status_code in (403, 404)
    client.post(f"{CODES}new/")
    assert "data-codes" in client.get(CODES).content.decode()


def test_it_is_set_up_by_whoever_knows_the_password(client, alice):
    """A session that was left open is not enough."""
    client.force_login(alice)
    assert client.get(APP)["Location"].startswith(AGAIN)
    assert client.post(APP, {"code": "123456"})["Location"].startswith(AGAIN)
    answer = client.post(f"{AGAIN}?next={APP}", {"password": "wrong", "next": APP})
    assert answer.status_code == 200 and client.get(APP)["Location"].startswith(AGAIN)
    assert not Authenticator.objects.exists()


def test_a_wrong_first_code_sets_nothing_up(client, alice):
    client.force_login(alice)
    client.post(f"{AGAIN}?next={APP}", {"password": PASSWORD, "next": APP})
    client.get(APP)
    page = client.post(APP, {"code": "abcdef"}).content.decode()
    assert "not right" in page and not Authenticator.objects.exists()


def test_the_secret_lies_encrypted_and_another_key_opens_nothing(client, factor, settings):
    secret, _ = factor
    row = Authenticator.objects.get(type="totp")
    assert secret not in json.dumps(row.data)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another key of the site, long enough for all that it signs"
    sign_in(client)
    assert client.post(CODE, {"code": code_of(secret, 1)}).status_code == 200 and not signed_in(client)
    settings.SECRET_KEY_FALLBACKS = [old]
    client.post(CODE, {"code": code_of(secret, 1)})
    assert signed_in(client)


def test_it_is_switched_off_by_its_person(client, factor):
    secret, _ = factor
    sign_in(client)
    client.post(CODE, {"code": code_of(secret, 1)})
    client.post(f"{AGAIN}?next={APP}remove/", {"password": PASSWORD, "next": f"{APP}remove/"})
    assert client.post(f"{APP}remove/").status_code == 302
    assert not Authenticator.objects.exists()
    client.logout()
    assert sign_in(client)["Location"] == "/" and signed_in(client)


def test_an_administrator_takes_it_away(client, factor):
    url = "/api/v1/team/people/alice/second-factor"
    client.force_login(make_user("bob"))
    assert client.delete(url).status_code == 403 and client.get(url).status_code == 403
    client.force_login(make_user("root", is_staff=True))
    assert client.get(url).json()["active"] is True
    assert client.delete(url).status_code == 204 and client.delete(url).status_code == 404
    assert AuditEntry.objects.filter(who="root", action__startswith="DELETE").count() == 1
    sign_in(anew := Client())
    assert signed_in(anew)


def test_an_administrator_takes_it_away_on_the_page_of_people(client, factor, alice):
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    form = {"action": "take_second_factor_away", "_selected_action": [alice.pk]}
    answer = client.post("/admin/accounts/user/", form, follow=True)
    assert "alice" in answer.content.decode() and not Authenticator.objects.exists()


def test_the_command_takes_it_away(factor):
    out = StringIO()
    call_command("second_factor", "alice", stdout=out)
    assert "10 recovery codes are left" in out.getvalue()
    call_command("second_factor", "alice", "--remove", stdout=out)
    assert "password alone" in out.getvalue() and not Authenticator.objects.exists()


@pytest.mark.parametrize(("wanted", "staff", "asked"), [
    ("optional", True, False), ("administrators", False, False), ("administrators", True, True),
    ("everybody", False, True),
])  # fmt: skip
def test_a_site_can_demand_one(client, alice, settings, wanted, staff, asked):
    settings.SECOND_FACTOR = wanted
    alice.is_staff = staff
    alice.save()
    client.force_login(alice)
    answer = client.get("/datasets/")
    assert (answer.status_code, answer.headers.get("Location")) == ((302, "/team/ways-in/") if asked else (200, None))
    assert client.get("/api/v1/datasets").status_code == (403 if asked else 200)
    if asked:
        assert "This site asks you for one" in client.get("/team/ways-in/").content.decode()
        set_up(client)
        assert client.get("/datasets/").status_code == 200


def test_a_password_is_changed_by_whoever_knows_it(client, alice):
    client.force_login(alice)
    form = {"old_password": "wrong", "new_password1": "quite-another-9", "new_password2": "quite-another-9"}
    assert "entered incorrectly" in client.post("/team/ways-in/password/", form).content.decode()
    assert AuditEntry.objects.filter(who="alice", summary="Failed to sign in").count() == 1
    elsewhere = Client()
    elsewhere.force_login(alice)
    assert client.post("/team/ways-in/password/", {**form, "old_password": PASSWORD}).status_code == 302
    assert client.get("/").status_code == 200 and elsewhere.get("/").status_code == 302
    entry = AuditEntry.objects.filter(who="alice").latest("pk")
    assert "quite-another" not in json.dumps(entry.detail)
