"""Members of a dataset: the page, the API, the command, and what follows from a role."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from datasets.members import remove_member, set_member
from datasets.models import Dataset
from sw_site.accounts.roles import Role
from sw_site.lib.errors import UserError
from tests.factories import make_dataset, make_image, make_user


@pytest.fixture(autouse=True)
def closed(settings):
    settings.TEAM_ROLE = "nobody"


@pytest.fixture
def droids(alice):
    """A dataset that Alice made and manages."""
    return make_dataset(created_by=alice)


@pytest.fixture
def bob(db):
    return make_user("bob")


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(dataset) -> str:
    return reverse("datasets:member-list", args=[dataset.slug])


def test_whoever_makes_a_dataset_manages_it(client, alice):
    client.post(reverse("datasets:dataset-create"), {"name": "Mine"})
    made = client.post("/api/v1/datasets", {"name": "Mine too"}, content_type="application/json")
    assert made.status_code == 201 and made.json()["slug"] == "mine-too"
    assert {d.role_of(alice) for d in Dataset.objects.all()} == {Role.MANAGER}
    again = client.post("/api/v1/datasets", {"name": "Mine"}, content_type="application/json")
    assert again.status_code == 422 and again.json()["error"]["code"] == "not_valid"


def test_the_page_adds_changes_and_removes(client, droids, bob):
    client.post(page(droids), {"person": "bob", "role": "viewer"})
    assert droids.role_of(bob) == Role.VIEWER
    client.post(page(droids), {"person": "bob", "role": "reviewer"})
    assert droids.role_of(bob) == Role.REVIEWER
    shown = client.get(page(droids)).content.decode()
    assert "bob" in shown and "Add a member" in shown
    client.post(page(droids), {"person": "bob", "action": "remove"})
    assert droids.role_of(bob) == Role.NOBODY


@pytest.mark.parametrize(
    "data", [{"person": "nobody-of-this-name", "role": "viewer"}, {"person": "bob", "role": "king"}]
)
def test_the_page_says_what_is_wrong(client, droids, bob, data):
    shown = client.post(page(droids), data, follow=True).content.decode()
    assert "There is no" in shown and droids.memberships.count() == 1


def test_what_everybody_may_do_counts_beside_a_role_of_ones_own(client, droids, bob):
    client.post(page(droids), {"action": "team", "role": "annotator"})
    droids.refresh_from_db()
    assert droids.role_of(bob) == Role.ANNOTATOR
    set_member(droids, "bob", "viewer")
    assert droids.role_of(bob) == Role.ANNOTATOR
    assert "Whoever signs in is annotator" in signed_in(bob).get(page(droids)).content.decode()


def test_the_api_does_the_same(client, droids, bob):
    url = f"/api/v1/datasets/{droids.slug}/members"
    assert client.put(f"{url}/bob", {"role": "annotator"}, content_type="application/json").json() == {
        "person": "bob",
        "role": "annotator",
    }
    assert {row["person"] for row in client.get(url).json()["items"]} == {"alice", "bob"}
    wrong = client.put(f"{url}/bob", {"role": "king"}, content_type="application/json")
    assert wrong.status_code == 422 and "viewer, annotator, reviewer, manager" in wrong.json()["error"]["message"]
    refused = signed_in(bob).put(f"{url}/bob", {"role": "manager"}, content_type="application/json")
    assert refused.status_code == 403 and refused.json()["error"]["code"] == "not_allowed"
    assert client.delete(f"{url}/bob").status_code == 204
    assert client.delete(f"{url}/bob").status_code == 404
    team = f"/api/v1/datasets/{droids.slug}/team"
    client.put(team, {"role": "viewer"}, content_type="application/json")
    assert signed_in(bob).get(team).json() == {"everybody": "viewer", "you": "viewer"}


def test_the_command_does_the_same(droids, bob, capsys):
    call_command("members", droids.name, "--set", "bob", "reviewer", "--everybody", "viewer", "--json")
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["everybody"] == "viewer" and {"person": "bob", "role": "reviewer"} in said["members"]
    call_command("members", droids.name, "--remove", "bob")
    assert not droids.memberships.filter(user=bob).exists()
    with pytest.raises(CommandError, match="nobody called"):
        call_command("members", droids.name, "--set", "carol", "viewer")


def test_the_last_manager_stays_unless_an_administrator_says_otherwise(droids, alice):
    with pytest.raises(UserError, match="only manager"):
        set_member(droids, "alice", "viewer", alice)
    with pytest.raises(UserError, match="only manager"):
        remove_member(droids, "alice", alice)
    remove_member(droids, "alice", make_user("root", is_staff=True))
    assert droids.role_of(alice) == Role.NOBODY


def test_somebody_who_leaves_a_dataset_is_led_away_from_it(client, droids, alice, bob):
    set_member(droids, "bob", "manager")
    answer = client.post(page(droids), {"person": "alice", "action": "remove"})
    assert answer["Location"] == reverse("datasets:dataset-list")


def test_actions_on_photos_need_the_role_of_the_action(droids, bob):
    set_member(droids, "bob", "annotator")
    image, client = make_image(droids), signed_in(bob)
    url = f"/api/v1/datasets/{droids.slug}/images/act"
    statuses = {
        action: client.post(url, {"ids": [image.pk], "action": action}, content_type="application/json").status_code
        for action in ("verify", "delete", "check", "assign")
    }
    assert statuses == {"verify": 200, "delete": 403, "check": 403, "assign": 403}
    form = {"action": "delete", "image": image.pk}
    assert client.post(reverse("datasets:image-act", args=[droids.slug]), form).status_code == 403


def test_annotators_take_from_the_queue_to_label_only(droids, bob):
    set_member(droids, "bob", "annotator")
    client, url = signed_in(bob), f"/api/v1/datasets/{droids.slug}/queue"
    assert client.post(url, {"work": "label"}, content_type="application/json").status_code == 200
    assert client.post(url, {"work": "review"}, content_type="application/json").status_code == 403


def test_a_viewer_opens_the_editor_to_look(droids, bob):
    set_member(droids, "bob", "viewer")
    image = make_image(droids)
    assert 'data-can-edit="false"' in signed_in(bob).get(image.get_absolute_url()).content.decode()


def test_a_deactivated_person_has_no_role(droids, bob):
    set_member(droids, "bob", "manager")
    bob.is_active = False
    assert droids.role_of(bob) == Role.NOBODY and not Dataset.objects.visible_to(bob).exists()
