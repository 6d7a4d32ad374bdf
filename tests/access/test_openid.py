"""Signing in through an OpenID Connect provider that runs beside the test."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from sw_site.accounts.models import User
from sw_site.lib.openid import providers
from sw_site.team.audit_models import AuditEntry
from tests.access import provider as providing
from tests.access.test_second_factor import CODE, PASSWORD, code_of, set_up
from tests.factories import make_user

DOOR = "/sign-in/with/sso/"
LEIA = {"sub": "42", "email": "leia@rebels.example", "email_verified": True, "preferred_username": "leia"}


@pytest.fixture
def provider(db, settings):
    with providing.running() as provider:
        provider.person = dict(LEIA)
        settings.SOCIALACCOUNT_PROVIDERS = providers(provider.url, "sw", "hush", "Rebel ID")
        settings.OIDC_NAME, settings.OIDC_NEW_PEOPLE, settings.OIDC_DOMAINS = "Rebel ID", False, []
        yield provider


def come_in(client: Client, query: str = ""):
    """The road through the provider, as a browser goes it; our answer at its end."""
    away = client.get(DOOR + query)
    assert away.status_code == 302, away.content.decode()
    back = urlsplit(requests.get(away["Location"], allow_redirects=False, timeout=5).headers["Location"])
    return client.get(f"{back.path}?{back.query}")


def who(client: Client) -> str:
    pk = client.session.get("_auth_user_id")
    return User.objects.get(pk=pk).username if pk else ""


def test_the_sign_in_page_offers_it(visitor, provider, settings):
    assert f'href="{DOOR}?next=/jobs/"' in visitor.get("/sign-in/?next=/jobs/").content.decode()
    settings.OIDC_NAME = ""
    assert DOOR not in visitor.get("/sign-in/").content.decode()


def test_nobody_comes_in_who_has_no_account(visitor, provider):
    answer = come_in(visitor)
    assert answer.status_code == 403 and "no account here" in answer.content.decode()
    assert who(visitor) == "" and not User.objects.exists()


def test_a_checked_address_leads_to_its_account(visitor, provider):
    user = make_user("princess", email="Leia@Rebels.example")
    assert come_in(visitor, "?next=/jobs/")["Location"] == "/jobs/" and who(visitor) == "princess"
    assert AuditEntry.objects.filter(who="princess", summary="Signed in").count() == 1
    user.refresh_from_db()
    assert not user.has_usable_password()  # somebody else may have set it
    provider.person["email"] = "general@rebels.example"  # from now on the identity is what counts
    come_in(again := Client())
    assert who(again) == "princess"


@pytest.mark.parametrize(("change", "words"), [
    ({"email_verified": False}, "no account here"), ({"email": None}, "no account here"),
    ({"email": "luke@rebels.example"}, "no account here"),
])  # fmt: skip
def test_an_unchecked_or_other_address_leads_to_nobody(visitor, provider, change, words):
    make_user("princess", email="leia@rebels.example")
    provider.person |= change
    assert words in come_in(visitor).content.decode() and who(visitor) == ""


def test_two_accounts_of_one_address_are_not_chosen_from(visitor, provider, settings):
    settings.OIDC_NEW_PEOPLE = True
    for name in ("leia", "princess"):
        make_user(name, email="leia@rebels.example")
    assert "Several accounts" in come_in(visitor).content.decode() and who(visitor) == ""


def test_a_switched_off_account_stays_shut(visitor, provider):
    make_user("princess", email="leia@rebels.example", is_active=False)
    answer = come_in(visitor)
    assert answer.status_code == 403 and "switched off" in answer.content.decode() and who(visitor) == ""


def test_new_people_get_an_account_without_rights(visitor, provider, settings):
    settings.OIDC_NEW_PEOPLE = True
    make_user("leia", email="another@rebels.example")
    assert come_in(visitor).status_code == 302
    user = User.objects.get(email="leia@rebels.example")
    assert who(visitor) == user.username != "leia"
    assert not (user.is_staff or user.is_superuser or user.has_usable_password() or user.memberships.exists())


def test_new_people_of_other_domains_are_refused(visitor, provider, settings):
    settings.OIDC_NEW_PEOPLE, settings.OIDC_DOMAINS = True, ["empire.example"]
    assert "empire.example alone" in come_in(visitor).content.decode() and not User.objects.exists()
    settings.OIDC_DOMAINS = ["rebels.example"]
    come_in(visitor)
    assert who(visitor) == "leia"


def test_a_second_factor_is_asked_for_there_too(visitor, provider, client):
    user = make_user("princess", email="leia@rebels.example")
    client.force_login(user)
    secret, _ = set_up(client)
    assert come_in(visitor)["Location"] == CODE and who(visitor) == ""
    visitor.post(CODE, {"code": code_of(secret, 1)})
    assert who(visitor) == "princess"


def test_an_identity_is_connected_by_whoever_knows_the_password(visitor, provider):
    user = make_user("han", email="han@falcon.example")
    visitor.force_login(user)
    answer = come_in(visitor, "?process=connect&next=/team/ways-in/")
    assert answer["Location"].startswith("/team/ways-in/again/") and not SocialAccount.objects.exists()
    visitor.post(answer["Location"], {"password": PASSWORD})
    account = SocialAccount.objects.get(user=user)
    assert "Connected since" in visitor.get("/team/ways-in/").content.decode()
    come_in(anew := Client())
    assert who(anew) == "han"
    visitor.post(f"/team/ways-in/providers/{account.pk}/forget/")
    assert not SocialAccount.objects.exists()
    assert "no account here" in come_in(Client()).content.decode()


def test_the_only_way_in_stays(visitor, provider):
    make_user("princess", email="leia@rebels.example")
    come_in(visitor)
    account = SocialAccount.objects.get()
    answer = visitor.post(f"/team/ways-in/providers/{account.pk}/forget/", follow=True)
    assert "only way in" in answer.content.decode() and SocialAccount.objects.exists()


def test_somebody_elses_identity_is_not_theirs_to_take_off(visitor, provider, alice):
    make_user("princess", email="leia@rebels.example")
    come_in(visitor)
    other = Client()
    other.force_login(alice)
    assert other.post(f"/team/ways-in/providers/{SocialAccount.objects.get().pk}/forget/").status_code == 404


def test_whoever_says_no_is_told(visitor, provider):
    provider.agrees = False
    assert come_in(visitor)["Location"] == "/sign-in/refused/"
    assert "without a yes" in visitor.get("/sign-in/refused/").content.decode()


def test_answers_that_nobody_waits_for_open_nothing(visitor, provider):
    """A forged state, a code from elsewhere, an answer for another browser."""
    make_user("princess", email="leia@rebels.example")
    assert visitor.get(f"{DOOR}back/?code=x&state=forged").status_code == 401
    away = visitor.get(DOOR)
    back = urlsplit(requests.get(away["Location"], allow_redirects=False, timeout=5).headers["Location"])
    assert Client().get(f"{back.path}?{back.query}").status_code == 401
    wrong = visitor.get(f"{back.path}?{back.query.replace('code=', 'code=not')}")
    assert wrong.status_code == 401 and who(visitor) == "" and "sign-in page" in wrong.content.decode()


def test_a_provider_out_of_order_is_said(visitor, provider):
    provider.broken = True
    answer = visitor.get(DOOR)
    assert answer.status_code == 502 and "Rebel ID does not answer" in answer.content.decode()
    assert visitor.get("/sign-in/with/empire/").status_code == 404


def test_half_a_setting_is_said_at_the_start():
    with pytest.raises(ImproperlyConfigured, match="SW_OIDC_CLIENT_ID"):
        providers("https://id.example", "", "", "")
    assert providers("", "", "", "") == {}
