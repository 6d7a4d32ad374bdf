"""The API: mounts each app's router under /api/v1/. Every error has one shape: {"error": {"code", "message"}}."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from ninja.openapi.docs import Swagger

from sw_site.api_document import completed
from sw_site.lib.errors import UserError
from sw_site.team.api_auth import AUTH
from sw_site.team.bodies import StrictParser
from sw_site.team.throttling import TokenThrottle


class SiteApi(NinjaAPI):
    def get_openapi_schema(self, **kwargs: Any) -> Any:
        return completed(super().get_openapi_schema(**kwargs))


api = SiteApi(
    title="sw_site",
    version="1",
    description="Everything the pages do, under the same permissions. See docs/api.md.",
    auth=AUTH,
    throttle=[TokenThrottle()],
    parser=StrictParser(),
    docs=Swagger(settings={"validatorUrl": None}),
)
api.add_router("/datasets", "datasets.api.router")
api.add_router("/uploads", "datasets.uploads.api.router")
api.add_router("/training", "training.api.router")
api.add_router("/training", "training.control_api.router")
api.add_router("/training", "training.starts_api.router")
api.add_router("/training", "training.curating_api.router")
api.add_router("/detections", "detections.api.router")
api.add_router("/detections/mistakes", "detections.mistakes.api.router")
api.add_router("/detections/videos", "detections.videos.api.router")
api.add_router("/team", "sw_site.team.token_api.router")
api.add_router("/team", "sw_site.team.audit_api.router")
api.add_router("/team", "sw_site.team.webhook_api.router")
api.add_router("/team", "sw_site.team.invitation_api.router")
api.add_router("/team", "sw_site.team.doors.api.router")
api.add_router("/jobs", "sw_site.jobs.api.router")
api.add_router("/upkeep", "sw_site.upkeep.api.router")

#: What a program sends here by itself can be wrong only by a fault of the program.
#: (An address that is read and written has the name of its reading.)
MALFORMED_IS_400 = {"save_image_operations", "get_image_boxes"}


def answer(request: HttpRequest, code: str, message: str, status: int) -> HttpResponse:
    return api.create_response(request, {"error": {"code": code, "message": message}}, status=status)


@api.exception_handler(UserError)
def user_error(request: HttpRequest, error: UserError) -> HttpResponse:
    return api.create_response(request, error.as_json(), status=error.status)


@api.exception_handler(AuthenticationError)
def not_signed_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return answer(request, "not_signed_in", "You are not signed in. Sign in and send the request again.", 401)


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return answer(request, "not_found", "There is nothing at this address that you may see.", 404)


@api.exception_handler(ValidationError)
def not_valid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0]
    place = ".".join(str(part) for part in first["loc"])
    match = request.resolver_match
    status = 400 if match and match.url_name in MALFORMED_IS_400 else 422
    return answer(request, "not_valid", f"{place}: {first['msg']}.", status)


@api.exception_handler(OverflowError)
@api.exception_handler(DataError)
def beyond_the_database(request: HttpRequest, error: Exception) -> HttpResponse:
    return answer(request, "not_valid", "A number or text is larger than anything kept here. Send a smaller one.", 422)


@api.exception_handler(RequestDataTooBig)
def too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 2**20
    return answer(request, "too_large", f"The request is larger than {most} MB; send it in parts.", 413)


@api.exception_handler(Throttled)
def too_often(request: HttpRequest, error: Throttled) -> HttpResponse:
    response = answer(request, "too_often", "Too many requests with this token. Wait as Retry-After says.", 429)
    response["Retry-After"] = str(max(1, round(error.wait or 1)))
    return response


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, ValueError):
        return answer(
            request, "not_json", f"The body is not JSON: {error.__cause__}. Send it as JSON.", error.status_code
        )
    return answer(request, "not_accepted", str(error), error.status_code)


def api_urls() -> tuple[list[URLPattern | URLResolver], str, str]:
    """The API's addresses. It asks who you are by itself and answers 401; its document and page are as other pages."""
    patterns, app_name, namespace = api.urls
    for pattern in patterns:
        if isinstance(pattern, URLPattern) and pattern.name not in ("openapi-json", "openapi-view"):
            login_not_required(pattern.callback)
    return patterns, app_name, namespace
