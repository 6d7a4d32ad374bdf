"""What every address of the API keeps to: lists in pages, one shape of refusals, kinds of bodies, conditions."""

import json
import sys
from collections import Counter

import pytest
from django.core.cache import cache
from django.test import Client
from pydantic import BaseModel

from sw_site.accounts.roles import Role
from sw_site.api import api
from sw_site.team.bodies import read_kinds
from sw_site.team.models import KeptAnswer
from sw_site.team.tokens import make_token
from tests.factories import make_dataset, make_image, make_model

DATASETS = "/api/v1/datasets"
#: Lists that cannot grow with what people do.
SHORT = {
    "/api/v1/training/zoo": "the catalogue",
    "/api/v1/training/formats/{architecture}": "formats of exports",
    "/api/v1/training/runs/{pk}/checkpoints": "a run keeps a few",
}


@pytest.fixture(autouse=True)
def closed(settings):
    settings.TEAM_ROLE = "nobody"
    cache.clear()


@pytest.fixture
def droids(alice):
    return make_dataset(name="Droids", created_by=alice)


def sent(client, method, url, body, **headers):
    return getattr(client, method)(url, json.dumps(body), content_type="application/json", headers=headers)


def test_every_list_comes_in_pages():
    document, whole = api.get_openapi_schema(), set()
    for path, operations in document["paths"].items():
        content = operations.get("get", {"responses": {}})["responses"].get(200, {}).get("content", {})
        if any(kind["schema"].get("type") == "array" for kind in content.values()):
            whole.add(path)
    assert whole == set(SHORT)


def test_no_two_things_of_the_document_have_one_name():
    """The document keeps one shape for each name: of two, one would be described as the other."""
    modules = [module for name, module in sys.modules.items() if name.rpartition(".")[2].endswith("api")]
    own = {
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, BaseModel) and thing.__module__ == module.__name__
    }
    twice = [name for name, many in Counter(thing.__name__ for thing in own).items() if many > 1]
    assert len(own) > 90 and twice == []


def test_pages_follow_one_another(client, droids):
    for number in range(5):
        make_dataset(name=f"Set {number}", team_role=Role.VIEWER)
    first, second = (client.get(f"{DATASETS}?limit=4&offset={offset}").json() for offset in (0, 4))
    names = [row["name"] for row in first["items"] + second["items"]]
    assert first["count"] == second["count"] == 6 and len(set(names)) == 6


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "offset=-1", "offset=99999999999999999999", "limit=x"])
def test_pages_that_cannot_be(client, droids, query):
    answer = client.get(f"{DATASETS}?{query}")
    assert answer.status_code == 422 and answer.json()["error"]["code"] == "not_valid"


@pytest.mark.parametrize(
    ("url", "content_type", "body"),
    [
        (DATASETS, "text/plain", '{"name": "Droids"}'),
        (DATASETS, "application/x-www-form-urlencoded", "name=Droids"),
        (DATASETS, "", '{"name": "Droids"}'),
        ("/api/v1/detections/batches/upload", "application/json", "{}"),
    ],
)
def test_a_body_of_another_kind_is_415(client, db, url, content_type, body):
    answer = client.generic("POST", url, body, content_type=content_type)
    assert answer.status_code == 415 and answer.json()["error"]["code"] == "unsupported_media_type"
    assert not KeptAnswer.objects.exists()


def test_kinds_of_bodies_are_known_of_every_address_that_reads_one():
    reading = [
        operation
        for operations in api.get_openapi_schema()["paths"].values()
        for operation in operations.values()
        if "requestBody" in operation
    ]
    assert len(read_kinds()) == len(reading) > 40


@pytest.mark.parametrize(
    ("method", "url", "body", "status"),
    [
        ("POST", DATASETS, '{"name": "a\\u0000b"}', 422),
        ("GET", f"{DATASETS}/droids/images?name=a%00b", "", 422),
        ("GET", f"{DATASETS}/dro%00ids/versions", "", 404),
        ("POST", DATASETS, "{", 400),
        ("POST", "/api/v1/training/runs", '{"version": 1, "learning_rate": NaN}', 400),
        ("POST", DATASETS, "[" * 100_000, 400),
        ("POST", DATASETS, '"x"', 422),
    ],
)
def test_what_no_database_keeps_is_refused(client, droids, method, url, body, status):
    answer = client.generic(method, url, body, content_type="application/json")
    assert answer.status_code == status and set(answer.json()["error"]) == {"code", "message"}


def test_a_body_that_is_too_large_is_413(client, db, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answers = [sent(client, "post", DATASETS, {"name": "x" * 200}, **key) for key in ({}, {"Idempotency-Key": "k"})]
    answer = answers[1]
    assert answers[0].json() == answer.json()
    assert answer.status_code == 413 and answer.json()["error"]["code"] == "too_large"


def test_every_operation_of_the_document_says_what_a_refusal_is():
    for operations in api.get_openapi_schema()["paths"].values():
        for operation in operations.values():
            content = operation["responses"]["default"]["content"]["application/json"]
            assert content["schema"]["$ref"].endswith("/Error")


class TestIfMatch:
    def test_a_change_on_top_of_another_is_refused(self, client, droids):
        url = f"{DATASETS}/droids/classes/{droids.classes.get(name='BB-8').pk}"
        seen = client.get(url)["ETag"]
        assert sent(client, "patch", url, {"name": "BB-9"}, **{"If-Match": seen}).status_code == 200
        late = sent(client, "patch", url, {"name": "BB-10"}, **{"If-Match": seen})
        assert late.status_code == 412 and late.json()["error"]["code"] == "changed_meanwhile"
        assert sent(client, "patch", url, {"name": "BB-10"}, **{"If-Match": client.get(url)["ETag"]}).status_code == 200

    @pytest.mark.parametrize("change", ["description", "aliases/production"])
    def test_parts_of_a_thing_go_by_the_thing(self, client, alice, change):
        model = make_model()
        model.run.version.dataset.memberships.create(user=alice, role=Role.MANAGER)
        url, method = f"/api/v1/training/models/{model.pk}", "patch" if change == "description" else "put"
        seen = client.get(url)["ETag"]
        assert sent(client, "patch", f"{url}/description", {"note": "Good."}).status_code == 200
        assert sent(client, method, f"{url}/{change}", {"note": "Bad."}, **{"If-Match": seen}).status_code == 412
        now = client.get(url)["ETag"]
        assert sent(client, method, f"{url}/{change}", {"note": "Bad."}, **{"If-Match": now}).status_code == 200

    def test_any_and_nothing(self, client, droids):
        url = f"{DATASETS}/droids/team"
        assert sent(client, "put", url, {"role": "viewer"}, **{"If-Match": "*"}).status_code == 200
        for where in (url, f"{DATASETS}/ships/team"):
            assert sent(client, "put", where, {"role": "viewer"}, **{"If-Match": '"x"'}).status_code == 412

    def test_it_tells_nothing_about_what_is_not_seen(self, droids, visitor):
        stranger = make_dataset(name="Hidden")
        url = f"{DATASETS}/{stranger.slug}/team"
        key = make_token(droids.created_by, "x", "admin")[1]
        bearer = Client(headers={"Authorization": f"Bearer {key}"})
        answers = [
            sent(bearer, "put", where, {"role": "viewer"}, **{"If-Match": "*"})
            for where in (url, f"{DATASETS}/no/team")
        ]
        assert {answer.status_code for answer in answers} == {412}
        assert sent(visitor, "put", url, {"role": "viewer"}, **{"If-Match": "*"}).status_code == 401


def test_a_second_beginning_of_an_upload_leads_to_the_first(client, droids):
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "3", "Idempotency-Key": "k"}
    meta = [{"Upload-Metadata": f"filename {name}"} for name in ("YS5qcGc=", "YS5qcGc=", "Yi5qcGc=")]
    first, again, other = (client.post("/api/v1/uploads/droids", headers={**headers, **one}) for one in meta)
    assert first.status_code == 201 and first["Location"] == again["Location"]
    assert other.status_code == 422 and other.json()["error"]["code"] == "key_reused"


def test_images_of_a_dataset_and_single_things(client, droids):
    make_image(droids)
    assert client.get(f"{DATASETS}/droids").json()["image_count"] == 1
    assert client.get(f"{DATASETS}/keys").json()["changed"] == {}
