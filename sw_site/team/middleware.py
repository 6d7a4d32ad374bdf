"""What every request to the API passes through: tokens and their scope, one error shape, keys, ETags."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.http import ConditionalGetMiddleware
from django.utils import timezone

from sw_site.lib.errors import UserError
from sw_site.lib.process import is_gone, me
from sw_site.team.models import ApiToken, KeptAnswer
from sw_site.team.origin import address_of
from sw_site.team.scopes import refuse_beyond_scope
from sw_site.team.tokens import token_of

INTERRUPTED = (
    "The site was stopped in the middle of the first request with this key, so it may have been done or not. "
    "Look whether it was, and if not, send it with a new key."
)

Answer = Callable[[HttpRequest], HttpResponseBase]
API = "/api/"
#: Answers to requests that were sent with a key are kept so long.
KEPT_FOR = timedelta(hours=24)
#: Longer answers are not kept, and none of a POST is.
MOST_KEPT = 1_000_000
#: Of the answer's headers those are kept that say where something is, and how a tus client goes on.
KEPT_HEADERS = ("Location", "Tus-Resumable", "Upload-Offset", "Upload-Length")
#: Headers that say what is asked for, as a body would.
ASKING = ("Upload-Length", "Upload-Metadata")


def refusal(code: str, message: str, status: int) -> JsonResponse:
    return JsonResponse(UserError(code, message, status).as_json(), status=status)


class TokenMiddleware:
    """`Authorization: Bearer sw_…` makes the request that of the token's user: of the API whole, of pages to read."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.api_token = None  # type: ignore[attr-defined]
        kind, _, key = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return self.get_response(request)
        token = token_of(key.strip(), address_of(request))
        if token is None:
            answer = refusal("bad_token", "This token is unknown, expired or revoked. Make a new one.", 401)
            answer["WWW-Authenticate"] = "Bearer"
            return answer
        if not request.path.startswith(API) and request.method not in ("GET", "HEAD"):
            return refusal("not_allowed", "Tokens change things through the API only, not through pages.", 403)
        request.api_token, request.user = token, token.user  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        token: ApiToken | None = request.api_token  # type: ignore[attr-defined]
        try:
            if token:
                refuse_beyond_scope(request, token)
        except UserError as error:
            return JsonResponse(error.as_json(), status=error.status)
        return None


class ErrorShapeMiddleware:
    """Refusals of the API that Django makes by itself (no such address, wrong method, a fault) get the one shape."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not request.path.startswith(API) or response.status_code < 400 or request.method == "HEAD":
            return response
        if response.headers.get("Content-Type", "").startswith("application/json"):
            return response
        status = HTTPStatus(response.status_code)
        answer = refusal(status.name.lower(), SAID.get(status, f"{status.phrase}."), status)
        for name, value in response.headers.items():
            if name not in ("Content-Type", "Content-Length"):
                answer[name] = value
        return answer


SAID = {
    404: "There is nothing at this address.",
    405: "This address does not know this method; Allow says which it knows.",
    500: "Something went wrong here, and it is noted. Try again; if it stays, tell an administrator.",
}


class EtagMiddleware(ConditionalGetMiddleware):
    """ETag and 304 for what the API answers to GET."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not request.path.startswith(API) or response.status_code != 200:
            return response
        return super().process_response(request, response)


class SentTwiceMiddleware:
    """A POST with `Idempotency-Key` is done once: sent again by the same user it gets the first answer again."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key = request.headers.get("Idempotency-Key", "")
        asked = key and request.method == "POST" and request.path.startswith(API) and request.user.is_authenticated
        if not asked:
            return self.get_response(request)
        if len(key) > 100 or not key.isprintable():
            return refusal("bad_key", "An Idempotency-Key has at most 100 printable characters.", 400)
        try:
            mark = mark_of(request)
        except RequestDataTooBig:
            return self.get_response(request)  # which says so
        return self.once(request, key, mark)

    def once(self, request: HttpRequest, key: str, mark: str) -> HttpResponseBase:
        KeptAnswer.objects.filter(user=request.user, created_at__lt=timezone.now() - KEPT_FOR).delete()  # type: ignore[misc]
        try:
            with transaction.atomic():
                # Who works on it stands where the answer's kind will be.
                kept = KeptAnswer.objects.create(
                    user=request.user,  # type: ignore[misc]
                    key=key,
                    request=mark,
                    content_type=me(),
                )
        except IntegrityError:
            return self.again(KeptAnswer.objects.filter(user=request.user, key=key).first(), mark)  # type: ignore[misc]
        try:
            response = self.get_response(request)
        except BaseException:
            kept.delete()
            raise
        self.keep(kept, response)
        return response

    def keep(self, kept: KeptAnswer, response: HttpResponseBase) -> None:
        """Answers that say "try again" or "a fault" are not kept, so that trying again does something."""
        passing = response.status_code in (401, 403, 409, 429) or response.status_code >= 500
        if passing or not isinstance(response, HttpResponse) or len(response.content) > MOST_KEPT:
            kept.delete()
            return
        kept.status, kept.body = response.status_code, response.content
        kept.content_type = response.headers.get("Content-Type", "")[:100]
        kept.headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        kept.save(update_fields=["status", "body", "content_type", "headers"])

    def again(self, kept: KeptAnswer | None, mark: str) -> HttpResponseBase:
        if kept is None or kept.status is None:
            if kept and is_gone(kept.content_type):
                return refusal("interrupted", INTERRUPTED, 409)
            return refusal("in_progress", "The first request with this key is still being worked on. Ask again.", 409)
        if kept.request != mark:
            return refusal("key_reused", "This Idempotency-Key was used for another request. Use a new one.", 422)
        answer = HttpResponse(bytes(kept.body), status=kept.status, content_type=kept.content_type)
        for name, value in kept.headers.items():
            answer[name] = value
        answer["Idempotency-Replayed"] = "true"
        return answer


def mark_of(request: HttpRequest) -> str:
    """What makes two requests the same: address, asking headers and body; of forms with files, which may be large,
    only the length."""
    form = request.content_type == "multipart/form-data"
    body = request.headers.get("Content-Length", "").encode() if form else request.body
    asking = [request.headers.get(name, "") for name in ASKING]
    whole = json.dumps([request.get_full_path(), request.content_type, *asking]).encode() + body
    return hashlib.sha256(whole).hexdigest()
