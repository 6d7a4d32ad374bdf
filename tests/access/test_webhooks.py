"""Webhooks: what is sent, how it is signed, what is tried again, and where nothing is sent."""

import hashlib
import hmac
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from datasets.formats.records import FormatError
from datasets.review.verdicts import approve
from sw_site.accounts.roles import Role
from sw_site.jobs.models import Job
from sw_site.jobs.queue import run_here
from sw_site.lib.errors import UserError
from sw_site.team.webhook_models import Delivery, Webhook
from sw_site.team.webhooks.delivering import WAITS, submit_due
from sw_site.team.webhooks.managing import make_webhook
from sw_site.team.webhooks.sending import send
from tests.factories import make_box, make_dataset, make_image, make_model, make_user
from training.curating import move_alias


class Receiver:
    """A server of the house that keeps what it is sent and answers with `status`."""

    def __init__(self) -> None:
        self.status, self.got, receiver = 200, [], self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("Location", receiver.url + "elsewhere")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?x=1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture(autouse=True)
def house(settings):
    settings.TEAM_ROLE = "nobody"
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]


@pytest.fixture
def droids(alice):
    return make_dataset(name="Droids", created_by=alice)


def work() -> None:
    """What a worker does with the tries that wait."""
    for job in Job.objects.filter(kind="webhook", state="queued"):
        run_here(job)


def pass_time() -> None:
    """Until the next try is due."""
    Delivery.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    submit_due()
    work()


def reviewed(dataset, user):
    image = make_image(dataset)
    make_box(image)
    return approve(image, image.revision, user)


def test_an_event_arrives_signed(receiver, droids, alice, django_capture_on_commit_callbacks):
    hook = make_webhook(droids, receiver.url, ["review.finished"], alice)
    with django_capture_on_commit_callbacks(execute=True):
        image = reviewed(droids, alice)
    work()
    ((headers, body),) = receiver.got
    told = json.loads(body)
    assert told["event"] == headers["X-SW-Event"] == "review.finished" and told["dataset"]["slug"] == "droids"
    assert told["data"]["image"] == image.pk and told["data"]["state"] == "approved"
    moment, signature = (part.partition("=")[2] for part in headers["X-SW-Signature"].split(","))
    right = hmac.new(hook.secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    assert signature == right
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.status, delivery.tries) == ("delivered", 200, 1)
    assert str(delivery.pk) == told["id"] == headers["X-SW-Delivery"]


def test_only_what_is_asked_for_and_of_its_dataset(receiver, droids, alice, django_capture_on_commit_callbacks):
    make_webhook(droids, receiver.url, ["model.promoted"], alice)
    with django_capture_on_commit_callbacks(execute=True):
        reviewed(droids, alice)
        move_alias(make_model(), "production", alice)
    assert not Delivery.objects.exists()


def test_a_promoted_model_and_images_that_came_in(
    receiver, alice, client, tmp_path, django_capture_on_commit_callbacks
):
    from tests.factories import picture_bytes

    make_webhook(None, receiver.url, ["image.uploaded", "model.promoted"])
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(picture_bytes())
    model = make_model()
    with django_capture_on_commit_callbacks(execute=True):
        call_command("import_dataset", str(tmp_path / "in"), "--dataset", "Droids")
        move_alias(model, "production", alice)
    work()
    told = {data["event"]: data["data"] for data in (json.loads(body) for _, body in receiver.got)}
    assert told["image.uploaded"]["images"] == 1 and told["model.promoted"]["model"] == model.pk


def test_what_fails_is_tried_again_and_then_given_up(receiver, droids, alice):
    hook = make_webhook(droids, receiver.url, ["run.finished"], alice)
    receiver.status = 500
    call_command("webhooks", "--ping", str(hook.pk))
    work()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.tries, delivery.status) == ("waiting", 1, 500)
    wait = (delivery.next_at - timezone.now()).total_seconds()
    assert WAITS[0] - 10 < wait <= WAITS[0]
    submit_due()
    assert not Job.objects.filter(kind="webhook", state="queued").exists()
    for _ in WAITS:
        pass_time()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == ("failed", len(WAITS) + 1) and delivery.error == "It answered 500."
    pass_time()
    assert len(receiver.got) == len(WAITS) + 1


def test_it_arrives_once_the_address_is_there_again(receiver, droids, alice):
    hook = make_webhook(droids, receiver.url, ["run.finished"], alice)
    receiver.status = 503
    call_command("webhooks", "--ping", str(hook.pk))
    work()
    receiver.status = 204
    pass_time()
    assert Delivery.objects.get().state == "delivered"


def test_two_jobs_for_one_try_send_once(receiver, droids, alice):
    hook = make_webhook(droids, receiver.url, ["run.finished"], alice)
    call_command("webhooks", "--ping", str(hook.pk))
    Delivery.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    submit_due()
    assert Job.objects.filter(kind="webhook", state="queued").count() == 2
    work()
    assert len(receiver.got) == 1


def test_redirects_are_not_followed(receiver, droids, alice):
    receiver.status = 302
    hook = make_webhook(droids, receiver.url, ["run.finished"], alice)
    call_command("webhooks", "--ping", str(hook.pk))
    work()
    assert len(receiver.got) == 1 and Delivery.objects.get().error == "It answered 302."


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://user:pass@example.org/",
        "nonsense",
    ],
)
def test_the_network_of_the_server_is_not_told(settings, droids, alice, url):
    settings.WEBHOOK_HOSTS = []
    with pytest.raises(UserError):
        make_webhook(droids, url, ["run.finished"], alice)
    with pytest.raises(FormatError):
        send(url, "secret", "ping", "1", "{}")
    assert not Webhook.objects.exists()


def test_a_target_that_became_private_is_refused_at_the_time_of_sending(settings, receiver, droids, alice):
    hook = make_webhook(droids, receiver.url, ["run.finished"], alice)
    settings.WEBHOOK_HOSTS = []
    call_command("webhooks", "--ping", str(hook.pk))
    work()
    assert receiver.got == [] and "not a public machine" in Delivery.objects.get().error


def test_the_pages(receiver, client, droids):
    page = reverse("team:webhook-list")
    made = client.post(page, {"url": receiver.url, "dataset": "droids", "events": ["run.finished"]}).content.decode()
    hook = Webhook.objects.get()
    assert hook.secret in made and hook.secret not in client.get(page).content.decode()
    one = reverse("team:webhook-detail", args=[hook.pk])
    client.post(one, {"action": "try"})
    work()
    assert "Delivered" in client.get(one).content.decode()
    client.post(one, {"action": "again", "delivery": str(Delivery.objects.get().pk)})
    work()
    assert len(receiver.got) == 2 and receiver.got[0][1] == receiver.got[1][1]
    client.post(one, {"action": "switch_off"})
    client.post(one, {"action": "try"})
    work()
    assert len(receiver.got) == 2
    client.post(one, {"action": "remove"})
    assert not Webhook.objects.exists()
    wrong = client.post(page, {"url": "ftp://x", "dataset": "droids", "events": ["run.finished"]})
    assert wrong.status_code == 422 and "http:// or https://" in wrong.content.decode()


def test_the_api(receiver, client, droids):
    url = "/api/v1/team/webhooks"
    body = {"url": receiver.url, "events": ["run.finished"], "dataset": "droids"}
    made = client.post(url, body, content_type="application/json")
    number = made.json()["id"]
    assert made.status_code == 201 and made.json()["secret"]
    assert "secret" not in client.get(url).json()["items"][0]
    assert client.post(f"{url}/{number}/ping").status_code == 202
    work()
    (delivery,) = client.get(f"{url}/{number}/deliveries").json()["items"]
    assert (delivery["state"], delivery["status"]) == ("delivered", 200)
    assert client.post(f"{url}/{number}/deliveries/{delivery['id']}/again").status_code == 202
    off = client.patch(f"{url}/{number}", {"active": False}, content_type="application/json")
    assert off.json()["active"] is False
    for wrong in ({**body, "events": ["nonsense"]}, {**body, "events": []}):
        assert client.post(url, wrong, content_type="application/json").status_code == 422
    everywhere = client.post(url, {**body, "dataset": ""}, content_type="application/json")
    assert everywhere.status_code == 403
    assert client.delete(f"{url}/{number}").status_code == 204


def test_webhooks_of_others_are_not_there(receiver, droids, alice):
    hook = make_webhook(droids, receiver.url, ["run.finished"], alice)
    bob = make_user("bob")
    droids.memberships.create(user=bob, role=Role.REVIEWER)
    make_dataset(created_by=bob)
    client = Client()
    client.force_login(bob)
    assert client.get("/api/v1/team/webhooks").json()["items"] == []
    assert client.get(reverse("team:webhook-detail", args=[hook.pk])).status_code == 404
    body = {"url": receiver.url, "events": ["run.finished"], "dataset": "droids"}
    assert client.post("/api/v1/team/webhooks", body, content_type="application/json").status_code == 403


def test_the_command(receiver, droids, capsys):
    call_command("webhooks", "--make", receiver.url, "--dataset", "Droids", "--events", "run.finished", "--json")
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["secret"] == Webhook.objects.get().secret and said["webhooks"][0]["dataset"] == "droids"
    call_command("webhooks", "--remove", str(said["webhooks"][0]["id"]))
    with pytest.raises(CommandError, match="no webhook"):
        call_command("webhooks", "--ping", "1")
