"""The audit trail: what is written, what is not, who sees it, and how it leaves."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from datasets.models import Dataset
from sw_site.accounts.roles import Role
from sw_site.team.audit_models import AuditEntry
from sw_site.team.tokens import make_token
from tests.factories import make_dataset, make_image, make_user

PAGE, FILE, API = reverse("team:audit-list"), reverse("team:audit-csv"), "/api/v1/team/audit"


@pytest.fixture(autouse=True)
def closed(settings):
    settings.TEAM_ROLE = "nobody"
    cache.clear()


@pytest.fixture
def droids(alice):
    return make_dataset(name="Droids", created_by=alice)


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def entries(**kwargs):
    return list(AuditEntry.objects.exclude(via="sign-in").filter(**kwargs))


def test_a_change_on_a_page(client, droids, alice):
    url = reverse("datasets:class-list", args=[droids.slug])
    client.post(url, {"name": "K-2SO"}, REMOTE_ADDR="192.0.2.7")
    (entry,) = entries()
    assert (entry.user, entry.who, entry.via, entry.dataset, entry.address) == (
        alice,
        "alice",
        "page",
        droids,
        "192.0.2.7",
    )
    assert entry.summary == "Class K-2SO has number 3." and entry.detail["name"] == "K-2SO"


def test_a_change_over_the_api_names_the_token(droids, alice):
    token, key = make_token(alice, "robot", "admin")
    client = Client(headers={"Authorization": f"Bearer {key}"})
    client.post(f"/api/v1/datasets/{droids.slug}/classes", {"name": "K-2SO"}, content_type="application/json")
    (entry,) = entries()
    assert (entry.via, entry.token, entry.dataset) == ("api", str(token), droids)
    assert entry.detail == {"slug": "droids", "name": "K-2SO"}


def test_a_command(droids):
    call_command("members", "Droids", "--everybody", "viewer", "--json")
    (entry,) = entries(via="command")
    assert "everybody=viewer" in entry.summary and entry.dataset == droids and entry.who
    call_command("dataset_report", "Droids")
    assert len(entries(via="command")) == 1


def test_a_new_dataset_is_named(client):
    client.post(reverse("datasets:dataset-create"), {"name": "Mine"})
    assert [entry.dataset_name for entry in entries()] == ["Mine"]


@pytest.mark.parametrize("name", ["", "BB-8"])
def test_what_was_refused_is_not_written(client, droids, name):
    client.post(reverse("datasets:class-list", args=[droids.slug]), {"name": name, "action": "nonsense"})
    client.post(f"/api/v1/datasets/{droids.slug}/members", {"role": "king"}, content_type="application/json")
    assert entries() == []


def test_saves_of_boxes_have_their_own_history(client, droids):
    image = make_image(droids)
    url = f"/api/v1/datasets/images/{image.pk}/boxes"
    body = {"base_revision": 0, "boxes": [], "negative": True}
    assert client.put(url, body, content_type="application/json").status_code == 200
    assert entries() == []


def test_secrets_are_not_written(droids, alice):
    boss = make_user("boss", is_staff=True, is_superuser=True)
    client = signed_in(boss)
    new = {
        "username": "vera",
        "password1": "very-long-pass-9",
        "password2": "very-long-pass-9",
        "usable_password": "true",
    }
    assert client.post(reverse("admin:accounts_user_add"), new).status_code == 302
    assert "very-long-pass-9" not in json.dumps([entry.detail for entry in entries()]) and len(entries()) == 1
    key = client.post("/api/v1/team/tokens", {"name": "x"}, content_type="application/json").json()["key"]
    assert key not in json.dumps([[entry.detail, entry.summary, entry.token] for entry in entries()])


def test_signing_in_and_failing_to(db):
    make_user("vera")
    visitor, url = Client(), reverse("login")
    visitor.post(url, {"username": "vera", "password": "wrong"})
    visitor.post(url, {"username": "vera", "password": "secret-42-pass"})
    visitor.post(reverse("logout"))
    said = [entry.summary for entry in AuditEntry.objects.filter(via="sign-in", who="vera").order_by("pk")]
    assert said == ["Failed to sign in", "Signed in", "Signed out"]


def test_managers_see_their_datasets_and_administrators_all(droids, alice):
    bob, carol = make_user("bob"), make_user("carol")
    droids.memberships.create(user=bob, role=Role.REVIEWER)
    ships = make_dataset(name="Ships", created_by=carol)
    for dataset in (droids, ships):
        AuditEntry.objects.create(who="x", via="page", action="a", summary=f"In {dataset}", dataset=dataset)
    AuditEntry.objects.create(who="x", via="page", action="a", summary="Of the site")

    def seen(user):
        return {row["summary"] for row in signed_in(user).get(API).json()["items"] if row["who"] == "x"}

    assert seen(alice) == {"In Droids"} and seen(carol) == {"In Ships"}
    assert seen(make_user("boss", is_staff=True)) == {"In Droids", "In Ships", "Of the site"}
    assert signed_in(bob).get(API).status_code == 403 and signed_in(bob).get(PAGE).status_code == 403


def test_it_is_searched(client, droids):
    for who, summary in (("bob", "Class K-2SO has number 3."), ("carol", "Version 1 is frozen.")):
        AuditEntry.objects.create(who=who, via="page", action="a", summary=summary, dataset=droids)
    for query in ("text=frozen", "person=carol", "dataset=droids&text=Version", "since=2020-01-01&person=carol"):
        content = client.get(f"{PAGE}?{query}").content.decode()
        assert "is frozen" in content and "K-2SO" not in content, query
    assert "is frozen" not in client.get(f"{PAGE}?until=2020-01-01").content.decode()
    assert client.get(f"{PAGE}?since=nonsense").status_code == 200
    assert client.get(f"{API}?person=bob").json()["count"] == 1
    assert client.get(f"{API}?since=nonsense").status_code == 422


def test_it_leaves_as_csv(client, droids, tmp_path, capsys):
    AuditEntry.objects.create(who="bob", via="page", action="a", summary='=1+1, "quoted"', dataset=droids)
    content = b"".join(client.get(FILE).streaming_content).decode()
    (row,) = list(csv.DictReader(io.StringIO(content)))
    assert row["who"] == "bob" and row["summary"] == '\'=1+1, "quoted"'
    call_command("audit", "--csv", str(tmp_path / "a.csv"), "--json")
    assert (tmp_path / "a.csv").read_text().count("bob") == 1
    call_command("audit", "--person", "bob", "--json")
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["entries"][0]["summary"].startswith("=1+1")


def test_an_entry_outlives_what_it_is_about_and_is_never_changed(client, droids, alice):
    entry = AuditEntry.objects.create(who="alice", via="page", action="a", summary="s", dataset=droids, user=alice)
    with pytest.raises(TypeError):
        entry.save()
    Dataset.objects.all().delete()
    alice.delete()
    assert AuditEntry.objects.filter(summary="s").get().who == "alice"


def test_wrong_passwords_are_slowed_down(db):
    make_user("vera")
    visitor, url = Client(REMOTE_ADDR="192.0.2.9"), reverse("login")
    for _ in range(10):
        assert "correct username" in visitor.post(url, {"username": "vera", "password": "no"}).content.decode()
    right = {"username": "vera", "password": "secret-42-pass"}
    assert "Too many wrong tries" in visitor.post(url, right).content.decode()
    assert "Too many wrong tries" in Client(REMOTE_ADDR="192.0.2.10").post(url, right).content.decode()
    AuditEntry.objects.update(at=timezone.now() - timedelta(minutes=6))
    assert visitor.post(url, right).status_code == 302
