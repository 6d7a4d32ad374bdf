"""Writing the audit trail: every request that changes something, every command that does, every try to sign in."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from typing import Any

from django.contrib.messages import constants as levels
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from datasets.models import Dataset
from sw_site.accounts.policy import SAFE
from sw_site.team.audit_models import AuditEntry, Via
from sw_site.team.origin import address_of

Answer = Callable[[HttpRequest], HttpResponseBase]
#: Routes that change nothing of consequence, or what has a history of its own: revisions, review events, uploads.
QUIET = {
    "sign-in/", "sign-in/code/", "sign-out/", "team/ways-in/again/", "team/ways-in/again/code/",
    "datasets/keys/", "api/v1/datasets/keys", "training/config/",
    "datasets/images/<int:pk>/history/", "datasets/sets/<slug:slug>/queue/<slug:work>/",
    "api/v1/datasets/<slug>/queue", "api/v1/datasets/images/<pk>/boxes", "api/v1/datasets/images/<pk>/operations",
    "api/v1/datasets/images/<pk>/revisions/<number>/restore", "api/v1/datasets/images/<pk>/presence",
    "api/v1/datasets/images/<pk>/lease", "api/v1/datasets/images/<pk>/notes", "api/v1/datasets/images/<pk>/verdict",
    "api/v1/datasets/images/<pk>/notes/<number>", "datasets/sets/<slug:slug>/review/notes/",
    "api/v1/uploads/<slug>", "api/v1/uploads/file/<pk>", "api/v1/training/runs/check", "api/v1/training/runs/config",
    "api/v1/detections/models/<int:pk>/detect", "training/tensorboard/", "training/tensorboard/<slug:key>/",
    "training/tensorboard/<slug:key>/<path:path>", "training/trials/", "api/v1/training/trials",
}  # fmt: skip
SECRET = ("password", "secret", "token", "csrf", "key", "code")
MOST_DETAIL = 2_000


class AuditMiddleware:
    """Writes an entry for each request that changed something; what was refused is not one."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method in SAFE:
            return self.get_response(request)
        json_api = request.content_type == "application/json" and request.path.startswith("/api/")
        sent = body_of(request) if json_api else {}
        response = self.get_response(request)
        match, said = request.resolver_match, queued_messages(request)
        refused = response.status_code >= 400 or any(bad for bad, _ in said) or "Idempotency-Replayed" in response
        if match and match.route not in QUIET and not refused and request.user.is_authenticated:
            write_request(request, response, " ".join(text for _, text in said), sent)
        return response


def body_of(request: HttpRequest) -> dict[str, Any]:
    """A JSON body that is small; the view reads it once more from memory."""
    if int(request.headers.get("Content-Length") or 0) > 100_000:
        return {}
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError, RequestDataTooBig):  # the view says so
        return {}
    return body if isinstance(body, dict) else {"body": body}


def queued_messages(request: HttpRequest) -> list[tuple[bool, str]]:
    """What the page told the person, and whether that was a refusal."""
    queued = getattr(getattr(request, "_messages", None), "_queued_messages", [])
    return [(message.level >= levels.WARNING, str(message.message)) for message in queued]


def write_request(request: HttpRequest, response: HttpResponseBase, said: str, sent: dict[str, Any]) -> None:
    match, user = request.resolver_match, request.user
    if match is None or not user.is_authenticated:
        return
    api, token = request.path.startswith("/api/"), getattr(request, "api_token", None)
    dataset = getattr(request, "meant_dataset", None) or dataset_at(response)
    detail = {**{name: str(value) for name, value in match.kwargs.items()}, **told(sent if api else form_of(request))}
    words = said or f"{request.method} {request.path}"
    AuditEntry.objects.create(
        user=user, who=user.get_username(), via=Via.API if api else Via.PAGE,
        action=f"{request.method} {match.route}"[:120], summary=words[:500], detail=detail,
        dataset=dataset if dataset and Dataset.objects.filter(pk=dataset.pk).exists() else None,
        dataset_name=dataset.name if dataset else "", token=str(token or "")[:120],
        address=address_of(request) or None,
    )  # fmt: skip


def form_of(request: HttpRequest) -> dict[str, Any]:
    return {name: values[0] if len(values) == 1 else values[:20] for name, values in request.POST.lists()}


def told(sent: dict[str, Any]) -> dict[str, Any]:
    """What was sent, secrets masked and long texts cut."""
    kept = {name: "…" if any(word in name.lower() for word in SECRET) else value for name, value in sent.items()}
    kept.pop("csrfmiddlewaretoken", None)
    text = json.dumps(kept, default=str)
    return kept if len(text) <= MOST_DETAIL else {"sent": text[:MOST_DETAIL]}


def dataset_at(response: HttpResponseBase) -> Dataset | None:
    """The dataset of the page that a form leads to: a new one has no address before."""
    try:
        slug = resolve(response.headers.get("Location", "").partition("?")[0]).kwargs.get("slug")
    except Resolver404:
        return None
    return Dataset.objects.filter(slug=slug).first() if slug else None


def write_command(name: str, options: dict[str, Any], result: dict[str, Any]) -> None:
    """A command that was run; what it says about its result is not kept, only what was asked."""
    asked = {
        key: value for key, value in options.items() if key not in USUAL_OPTIONS and value not in (None, False, [])
    }
    dataset = Dataset.objects.filter(name=result.get("dataset", "")).first()
    AuditEntry.objects.create(
        who=getpass.getuser(), via=Via.COMMAND, action=f"manage.py {name}",
        summary=f"manage.py {name} {' '.join(f'{key}={value}' for key, value in told(asked).items())}"[:500],
        detail=told({key: str(value) for key, value in asked.items()}),
        dataset=dataset, dataset_name=dataset.name if dataset else "",
    )  # fmt: skip


#: Options that every command has.
USUAL_OPTIONS = {"json", "settings", "pythonpath", "verbosity", "traceback", "no_color", "force_color", "skip_checks"}


def write_sign_in(request: HttpRequest | None, name: str, user: Any, words: str) -> None:
    address = address_of(request) if request else ""
    AuditEntry.objects.create(
        user=user, who=name[:150], via=Via.SIGN_IN, action="sign-in", summary=words, address=address or None
    )
