"""People come by invitation: by link or mail, once, to the site or to a dataset; registration stays closed."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sw_site.accounts.roles import Role
from sw_site.lib.errors import UserError
from sw_site.team.invitations import accept, invite, open_invitation, path_of, send_by_mail
from sw_site.team.models import AuditEntry, Invitation
from tests.factories import make_dataset, make_user

NEW = {"username": "lando", "password1": "cloud-city-77", "password2": "cloud-city-77"}
User = get_user_model()


@pytest.fixture(autouse=True)
def closed(settings):
    settings.TEAM_ROLE = "nobody"


@pytest.fixture
def droids(alice):
    dataset = make_dataset(name="Droids", created_by=alice, team_role=Role.NOBODY)
    dataset.memberships.update_or_create(user=alice, defaults={"role": Role.MANAGER})
    return dataset


def test_somebody_new_makes_an_account_and_works_where_they_were_invited(client, visitor, droids):
    page = client.post(reverse("team:invitation-list"), {"dataset": "droids", "role": "annotator", "days": 3})
    link = page.context["link"]
    assert page.status_code == 200 and link in page.content.decode()
    key = link.partition("key=")[2]
    assert visitor.get(link).context["invitation"].dataset == droids
    answer = visitor.post(reverse("team:join"), {**NEW, "key": key}, follow=True)
    lando = User.objects.get(username="lando")
    assert "Welcome, lando. You are annotator of Droids." in answer.content.decode()
    assert droids.role_of(lando) == Role.ANNOTATOR and not lando.is_staff
    assert visitor.get(droids.get_absolute_url()).status_code == 200
    assert (
        Invitation.objects.get().used_by == lando and link not in client.get(page.request["PATH_INFO"]).content.decode()
    )


def test_a_link_works_once(visitor, droids):
    invitation, key = invite(dataset="droids")
    visitor.post(reverse("team:join"), {**NEW, "key": key})
    again = Client().post(reverse("team:join"), {**NEW, "username": "other", "key": key})
    assert again.status_code == 404 and "was used, taken back, or has expired" in again.content.decode()
    assert not User.objects.filter(username="other").exists()
    with pytest.raises(UserError, match="was used"):
        accept(invitation, make_user())


@pytest.mark.parametrize("change", [{"expires_at": timezone.now() - timedelta(days=1)}, {"revoked_at": timezone.now()}])
def test_links_that_are_over_open_nothing(visitor, droids, change):
    _, key = invite()
    Invitation.objects.update(**change)
    assert visitor.get(path_of(key)).status_code == 404
    assert visitor.post(reverse("team:join"), {**NEW, "key": key}).status_code == 404 and User.objects.count() == 1


def test_without_a_link_there_is_no_registration(visitor, db):
    assert visitor.post(reverse("team:join"), NEW).status_code == 404
    assert visitor.get(reverse("team:join")).status_code == 404 and not User.objects.exists()


def test_djangos_validators_look_at_the_password(visitor, droids):
    _, key = invite()
    weak = {**NEW, "key": key, "password1": "12345", "password2": "12345"}
    answer = visitor.post(reverse("team:join"), weak)
    assert answer.status_code == 422 and "too short" in answer.content.decode()
    assert open_invitation(key) and not User.objects.filter(username="lando").exists()


def test_somebody_who_is_there_comes_in_as_themselves(droids):
    bob = make_user("bob")
    browser = Client()
    browser.force_login(bob)
    _, key = invite(dataset="droids", role="reviewer")
    assert "Come in as bob" in browser.get(path_of(key)).content.decode()
    browser.post(reverse("team:join"), {"key": key})
    assert droids.role_of(bob) == Role.REVIEWER
    _, lower = invite(dataset="droids", role="viewer")
    browser.post(reverse("team:join"), {"key": lower})
    assert droids.role_of(bob) == Role.REVIEWER  # nobody loses anything by an invitation


def test_signing_in_leads_back_to_the_invitation(visitor, droids):
    make_user("bob")
    _, key = invite(dataset="droids")
    page = visitor.get(path_of(key)).content.decode()
    login = page.split('href="/sign-in/')[1].split('"')[0]
    answer = visitor.post(f"/sign-in/{login}", {"username": "bob", "password": "secret-42-pass"})
    assert urlsplit(answer["Location"]).path == reverse("team:join")


class TestMail:
    def test_it_is_sent_where_there_is_a_server(self, client, droids, settings):
        settings.EMAIL_HOST = "mail.example.org"
        body = {"email": "lando@example.org", "dataset": "droids"}
        answer = client.post("/api/v1/team/invitations", json.dumps(body), content_type="application/json").json()
        (message,) = mail.outbox
        assert message.to == ["lando@example.org"] and answer["link"] in message.body and "Droids" in message.body
        assert answer["said"] == "Sent to lando@example.org."

    def test_the_address_becomes_the_accounts(self, visitor, droids):
        _, key = invite("lando@example.org", "droids")
        visitor.post(reverse("team:join"), {**NEW, "key": key})
        assert User.objects.get(username="lando").email == "lando@example.org"

    def test_without_a_server_the_link_is_passed_on(self, droids, settings):
        settings.EMAIL_HOST = ""
        invitation, key = invite("lando@example.org")
        assert "SW_MAIL_HOST" in send_by_mail(invitation, path_of(key)) and not mail.outbox

    def test_a_server_that_does_not_answer_loses_nothing(self, droids, settings, monkeypatch):
        settings.EMAIL_HOST = "mail.example.org"

        def refuse(*args):
            raise ConnectionRefusedError("nobody there")

        monkeypatch.setattr("sw_site.team.invitations.send_mail", refuse)
        invitation, key = invite("lando@example.org")
        assert "nobody there" in send_by_mail(invitation, path_of(key)) and open_invitation(key)


class TestWhoMayInvite:
    def post(self, client, **body):
        return client.post("/api/v1/team/invitations", json.dumps(body), content_type="application/json")

    def test_managers_to_their_datasets_and_nowhere_else(self, client, droids):
        other = make_dataset(name="Others", team_role=Role.VIEWER)
        hidden = make_dataset(name="Hidden", team_role=Role.NOBODY)
        assert self.post(client, dataset="droids").status_code == 201
        assert self.post(client).json()["error"]["code"] == "which_dataset"
        assert self.post(client, dataset=other.slug).status_code == 403
        assert self.post(client, dataset=hidden.slug).status_code == 404
        assert Invitation.objects.count() == 1

    def test_administrators_to_the_site(self, droids):
        boss = Client()
        boss.force_login(make_user("boss", is_staff=True))
        made = self.post(boss).json()
        assert made["dataset"] is None and made["state"] == "open"
        assert boss.get("/api/v1/team/invitations").json()["count"] == 1

    def test_what_cannot_be_is_said(self, client, droids):
        assert self.post(client, dataset="droids", role="king").json()["error"]["code"] == "no_such_role"
        assert self.post(client, dataset="droids", email="nobody").json()["error"]["code"] == "bad_email"
        assert self.post(client, dataset="droids", days=1000).status_code == 422

    def test_they_are_taken_back(self, client, droids):
        number = self.post(client, dataset="droids").json()["id"]
        assert client.delete(f"/api/v1/team/invitations/{number}").status_code == 204
        assert client.delete(f"/api/v1/team/invitations/{number}").json()["error"]["code"] == "not_open"
        other, _ = invite(dataset="droids")
        page = client.post(reverse("team:invitation-take-back", args=[other.pk]), follow=True)
        assert "opens nothing any more" in page.content.decode()
        assert {one.state for one in Invitation.objects.all()} == {"taken back"}

    def test_others_see_none_of_it(self, droids):
        invitation, _ = invite(dataset="droids")
        viewer = make_user("viewer")
        droids.memberships.create(user=viewer, role=Role.VIEWER)
        browser = Client()
        browser.force_login(viewer)
        assert browser.delete(f"/api/v1/team/invitations/{invitation.pk}").status_code in (403, 404)
        assert browser.get("/api/v1/team/invitations").json().get("items", []) == []


def test_keys_are_in_no_row_and_no_trail(client, droids):
    wish = {"dataset": "droids", "role": "viewer", "days": 3}
    key = client.post(reverse("team:invitation-list"), wish).context["link"].partition("key=")[2]
    Client().post(reverse("team:join"), {**NEW, "key": key})
    told = [str(vars(row)) for row in [*Invitation.objects.all(), *AuditEntry.objects.all()]]
    assert AuditEntry.objects.exists() and not any(key in text or NEW["password1"] in text for text in told)


def test_the_command(droids, capsys):
    call_command("invite", "--dataset", "droids", "--role", "viewer", "--site", "https://labels.example.org/", "--json")
    made = json.loads(capsys.readouterr().out)
    assert made["link"].startswith("https://labels.example.org/team/join/?key=")
    number = made["invitations"][0]["id"]
    call_command("invite", "--take-back", number)
    assert "taken back" in capsys.readouterr().out
    with pytest.raises(CommandError, match="not open"):
        call_command("invite", "--take-back", number)
    with pytest.raises(CommandError, match="no invitation 999"):
        call_command("invite", "--take-back", 999)
