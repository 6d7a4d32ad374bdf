"""Tokens of the API: what they open, what they do not, and that their key is kept nowhere."""

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from datasets.models import Dataset
from sw_site.accounts.roles import Role
from sw_site.api import api
from sw_site.lib.errors import UserError
from sw_site.lib.process import me
from sw_site.team.models import ApiToken, KeptAnswer
from sw_site.team.throttling import TokenThrottle
from sw_site.team.tokens import make_service, make_token, revoke
from tests.factories import make_dataset, make_image, make_model, make_user

DATASETS = "/api/v1/datasets"


@pytest.fixture(autouse=True)
def closed(settings):
    settings.TEAM_ROLE = "nobody"
    cache.clear()


@pytest.fixture
def droids(alice):
    return make_dataset(name="Droids", created_by=alice)


def bearing(key: str, **kwargs) -> Client:
    return Client(headers={"Authorization": f"Bearer {key}"}, **kwargs)


def using(user, scope="read", **kwargs) -> Client:
    return bearing(make_token(user, "test", scope, **kwargs)[1])


def post(client, url, body, **headers):
    return client.post(url, body, content_type="application/json", headers=headers)


def test_a_token_is_its_person(droids, alice):
    assert [row["slug"] for row in using(alice).get(DATASETS).json()["items"]] == ["droids"]
    assert using(make_user("bob")).get(DATASETS).json()["items"] == []


def test_the_key_is_kept_nowhere(alice):
    token, key = make_token(alice, "box")
    row = ApiToken.objects.filter(pk=token.pk).values().get()
    assert key not in json.dumps(row, default=str) and row["begins"] == key[:9] and len(key) > 40


@pytest.mark.parametrize("state", ["unknown", "revoked", "expired", "inactive"])
def test_what_is_no_token_any_more_opens_nothing(droids, alice, state):
    token, key = make_token(alice, "test")
    if state == "revoked":
        revoke(token)
    elif state == "expired":
        ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif state == "inactive":
        type(alice).objects.update(is_active=False)
    answer = bearing("sw_wrong" if state == "unknown" else key).get(DATASETS)
    assert answer.status_code == 401 and answer.json()["error"]["code"] == "bad_token"


def test_a_bad_token_is_refused_though_the_browser_is_signed_in(client, droids):
    assert client.get(DATASETS, headers={"Authorization": "Bearer sw_wrong"}).status_code == 401


@pytest.mark.parametrize(
    ("scope", "may"),
    [("read", [200]), ("label", [200, 200]), ("train", [200, 200, 400]), ("admin", [200, 200, 400, 201])],
)
def test_scopes(droids, alice, scope, may):
    image, client = make_image(droids), using(alice, scope)
    answers = [
        client.get(f"{DATASETS}/images/{image.pk}/boxes"),
        post(client, f"{DATASETS}/{droids.slug}/queue", {"work": "label"}),
        post(client, f"{DATASETS}/{droids.slug}/versions", {"split": "nonsense"}),
        post(client, f"{DATASETS}/{droids.slug}/classes", {"name": "K-2SO"}),
    ]
    refused = [403] * (4 - len(may))
    assert [answer.status_code for answer in answers] == [*may, *refused]
    assert {answer.json()["error"]["code"] for answer in answers if answer.status_code == 403} <= {"scope"}


def test_a_scope_gives_no_more_than_the_person_may(droids):
    bob = make_user("bob")
    droids.memberships.create(user=bob, role=Role.VIEWER)
    answer = post(using(bob, "admin"), f"{DATASETS}/{droids.slug}/classes", {"name": "K-2SO"})
    assert answer.status_code == 403 and answer.json()["error"]["code"] == "not_allowed"


@pytest.mark.parametrize("staff", [False, True])
def test_a_token_for_some_datasets_sees_no_others(droids, alice, staff):
    type(alice).objects.update(is_staff=staff)
    alice.refresh_from_db()
    other = make_dataset(name="Ships", created_by=alice)
    client = using(alice, "admin", datasets=["droids"])
    assert [row["slug"] for row in client.get(DATASETS).json()["items"]] == ["droids"]
    assert client.get(f"{DATASETS}/{other.slug}/classes").status_code == 404
    assert post(client, DATASETS, {"name": "More"}).status_code == 403
    assert client.get("/api/v1/team/services").status_code == 403
    droids.delete()
    assert client.get(DATASETS).json()["items"] == []


def test_tokens_read_pages_and_change_nothing_through_them(droids, alice):
    client = using(alice, "admin")
    assert client.get(droids.get_absolute_url()).status_code == 200
    answer = client.post(reverse("datasets:dataset-create"), {"name": "More"})
    assert answer.status_code == 403 and Dataset.objects.count() == 1


def test_a_model_is_fetched_with_a_token(droids, alice):
    model = make_model()
    url = reverse("training:export-download", args=[model.pk, "onnx"])
    assert using(alice).get(url).status_code == 404
    model.run.version.dataset.memberships.create(user=alice, role=Role.VIEWER)
    assert using(alice).get(reverse("training:model-card", args=[model.pk])).status_code == 200


def test_its_last_use_is_noted(droids, alice):
    using(alice).get(DATASETS, REMOTE_ADDR="192.0.2.7")
    token = ApiToken.objects.get()
    assert token.last_used_at is not None and token.last_used_from == "192.0.2.7"


def test_the_page_makes_one_shows_its_key_once_and_revokes(client, droids, alice):
    page = reverse("team:token-list")
    made = client.post(page, {"name": "box", "scope": "label", "days": "30", "datasets": ["droids"]}).content.decode()
    key = made.partition("data-new-key>")[2].partition("<")[0]
    assert bearing(key).get(DATASETS).status_code == 200
    assert key not in client.get(page).content.decode()
    token = ApiToken.objects.get()
    assert token.is_limited and client.post(reverse("team:token-revoke", args=[token.pk])).status_code == 302
    assert bearing(key).get(DATASETS).status_code == 401


def test_nobody_revokes_the_token_of_another_person(client):
    token, _ = make_token(make_user("bob"), "his")
    assert client.post(reverse("team:token-revoke", args=[token.pk])).status_code == 404
    assert client.delete(f"/api/v1/team/tokens/{token.pk}").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_the_api_makes_lists_and_revokes(client, droids):
    made = post(client, "/api/v1/team/tokens", {"name": "ci", "datasets": ["droids"]})
    assert made.status_code == 201 and bearing(made.json()["key"]).get(DATASETS).status_code == 200
    (row,) = client.get("/api/v1/team/tokens").json()["items"]
    assert "key" not in row and (row["limited"], row["datasets"], row["state"]) == (True, ["droids"], "valid")
    assert client.delete(f"/api/v1/team/tokens/{row['id']}").status_code == 204
    assert post(client, "/api/v1/team/tokens", {"name": "ci", "datasets": ["ships"]}).status_code == 422
    assert post(client, "/api/v1/team/tokens", {"name": "ci", "scope": "king"}).status_code == 422


def test_a_label_token_makes_no_stronger_token(alice):
    assert post(using(alice, "label"), "/api/v1/team/tokens", {"name": "x", "scope": "admin"}).status_code == 403


def test_service_accounts_by_page_and_api(droids):
    boss = make_user("boss", is_staff=True)
    client = Client()
    client.force_login(boss)
    client.post(reverse("team:service-list"), {"name": "camera-box", "purpose": "Hall 3"})
    url = reverse("team:service-detail", args=["camera-box"])
    assert "Hall 3" in client.get(url).content.decode()
    key = post(client, "/api/v1/team/services/camera-box/tokens", {"name": "box", "scope": "label"}).json()["key"]
    assert bearing(key).get(DATASETS).json()["items"] == []
    client.post(reverse("datasets:member-list", args=["droids"]), {"person": "camera-box", "role": "annotator"})
    assert len(bearing(key).get(DATASETS).json()["items"]) == 1
    assert not Client().login(username="camera-box", password="")
    client.post(url, {"action": "switch_off"})
    assert bearing(key).get(DATASETS).status_code == 401
    assert post(client, "/api/v1/team/services", {"name": "camera-box"}).status_code == 409


def test_the_command(droids, capsys):
    call_command("api_token", "camera-box", "--service", "--member", "Droids", "annotator", "--make", "box", "--json")
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert bearing(said["key"]).get(DATASETS).json()["items"][0]["slug"] == "droids"
    call_command("api_token", "camera-box", "--revoke", str(said["tokens"][0]["id"]), "--json")
    assert bearing(said["key"]).get(DATASETS).status_code == 401
    with pytest.raises(CommandError, match="nobody called"):
        call_command("api_token", "nobody", "--make", "x")


def test_bad_names_of_services(db):
    for name in ("", "a b", "x" * 200):
        with pytest.raises(UserError):
            make_service(name)


def test_too_many_requests_with_a_token(droids, alice, monkeypatch):
    throttle = TokenThrottle()
    throttle.num_requests, throttle.duration = 3, 60
    for router in api._get_bound_routers():
        for view in router.path_operations.values():
            for operation in view.operations:
                monkeypatch.setattr(operation, "throttle_objects", [throttle])
    client = using(alice)
    answers = [client.get(DATASETS) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].json()["error"]["code"] == "too_often" and int(answers[3]["Retry-After"]) >= 1


class TestSentTwice:
    """Idempotency-Key."""

    def test_a_post_is_done_once(self, client):
        first = post(client, DATASETS, {"name": "Droids"}, **{"Idempotency-Key": "k1"})
        again = post(client, DATASETS, {"name": "Droids"}, **{"Idempotency-Key": "k1"})
        assert (first.status_code, again.status_code) == (201, 201) and first.json() == again.json()
        assert again["Idempotency-Replayed"] == "true" and Dataset.objects.count() == 1

    def test_a_key_is_for_one_request(self, client):
        post(client, DATASETS, {"name": "Droids"}, **{"Idempotency-Key": "k1"})
        other = post(client, DATASETS, {"name": "Ships"}, **{"Idempotency-Key": "k1"})
        assert other.status_code == 422 and other.json()["error"]["code"] == "key_reused"

    def test_keys_of_two_people_do_not_meet(self, client):
        post(client, DATASETS, {"name": "Droids"}, **{"Idempotency-Key": "k1"})
        made = post(using(make_user("bob"), "admin"), DATASETS, {"name": "Ships"}, **{"Idempotency-Key": "k1"})
        assert made.status_code == 201

    def test_one_that_is_still_being_worked_on(self, client, alice):
        KeptAnswer.objects.create(user=alice, key="k1", request="x")
        answer = post(client, DATASETS, {"name": "Droids"}, **{"Idempotency-Key": "k1"})
        assert answer.status_code == 409 and answer.json()["error"]["code"] == "in_progress"

    def test_one_whose_process_was_killed_is_not_waited_for(self, client, alice):
        """kill -9 in the middle: whether it was done nobody knows, and asking for a day would not tell."""
        gone = f"{me().rpartition(':')[0]}:1.00"
        KeptAnswer.objects.create(user=alice, key="k1", request="x", content_type=gone)
        KeptAnswer.objects.create(user=alice, key="k2", request="x", content_type=me())
        codes = [
            post(client, DATASETS, {"name": "Droids"}, **{"Idempotency-Key": key}).json()["error"]["code"]
            for key in ("k1", "k2")
        ]
        assert codes == ["interrupted", "in_progress"] and not Dataset.objects.exists()

    def test_what_was_refused_for_now_may_be_tried_again(self, client, droids):
        bob = using(make_user("bob"), "read")
        assert post(bob, DATASETS, {"name": "More"}, **{"Idempotency-Key": "k1"}).status_code == 403
        assert not KeptAnswer.objects.exists()

    def test_keys_go_after_a_day(self, client, alice):
        post(client, DATASETS, {"name": "Droids"}, **{"Idempotency-Key": "k1"})
        KeptAnswer.objects.update(created_at=timezone.now() - timedelta(days=2))
        assert post(client, DATASETS, {"name": "Ships"}, **{"Idempotency-Key": "k1"}).status_code == 201


def test_an_answer_that_did_not_change_is_not_sent_again(client, droids):
    first = client.get(DATASETS)
    again = client.get(DATASETS, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304 and again.content == b""
    make_dataset(name="Ships", team_role=Role.VIEWER)
    assert client.get(DATASETS, headers={"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize(("method", "url", "status"), [("get", "/api/v1/nothing", 404), ("put", DATASETS, 405)])
def test_refusals_of_the_framework_have_the_one_shape(client, method, url, status):
    answer = getattr(client, method)(url)
    assert answer.status_code == status and set(answer.json()["error"]) == {"code", "message"}


def test_the_document_and_its_page(client, visitor):
    document = client.get("/api/v1/openapi.json").json()
    assert "bearer" in json.dumps(document["components"]["securitySchemes"])
    page = client.get("/api/v1/docs").content.decode()
    assert "swagger-ui" in page and "http://" not in page and "https://" not in page
    assert visitor.get("/api/v1/docs").status_code == 302
