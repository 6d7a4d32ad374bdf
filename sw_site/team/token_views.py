"""Pages of tokens and service accounts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from sw_site.lib.errors import UserError
from sw_site.team.forms import ServiceForm, TokenForm
from sw_site.team.models import ApiToken, ServiceAccount
from sw_site.team.tokens import make_service, make_token, revoke, service_called


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """The person's own tokens; POST makes one and shows its key, this once."""
    return tokens_page(request, request.user, "team/token_list.html", {})


def tokens_page(request: HttpRequest, user: Any, template: str, context: dict[str, Any]) -> HttpResponse:
    form = TokenForm(request.POST if request.method == "POST" else None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            by: Any = request.user
            context["token"], context["key"] = make_token(user, by=by, **form.wish())
            form = TokenForm(user=user)
        except UserError as error:
            form.add_error(None, error.message)
    tokens = ApiToken.objects.filter(user=user).prefetch_related("datasets")
    status = 422 if form.errors else 200
    return TemplateResponse(request, template, {**context, "form": form, "tokens": tokens}, status=status)


@require_POST
def token_revoke(request: HttpRequest, number: int) -> HttpResponse:
    """One's own token, or for administrators one of a service account."""
    token = get_object_or_404(ApiToken.objects.select_related("user"), pk=number)
    service = ServiceAccount.objects.filter(user=token.user).first()
    if token.user != request.user and not (service and request.user.is_staff):
        return get_object_or_404(ApiToken.objects.none())  # type: ignore[return-value]
    revoke(token)
    messages.success(request, f"“{token.name}” opens nothing any more.")
    return redirect("team:service-detail", service.user.username) if service else redirect("team:token-list")


@require_http_methods(["GET", "HEAD", "POST"])
def service_list(request: HttpRequest) -> HttpResponse:
    """Service accounts, for administrators."""
    form = ServiceForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            by: Any = request.user
            service = make_service(form.cleaned_data["name"], form.cleaned_data["purpose"], by)
        except UserError as error:
            form.add_error("name", error.message)
        else:
            messages.success(request, f"{service} is there. Make it a member of datasets, and give it a token.")
            return redirect("team:service-detail", service.user.username)
    context = {"form": form, "services": ServiceAccount.objects.select_related("user")}
    return TemplateResponse(request, "team/service_list.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def service_detail(request: HttpRequest, name: str) -> HttpResponse:
    try:
        service = service_called(name)
    except UserError:
        return get_object_or_404(ServiceAccount.objects.none())  # type: ignore[return-value]
    if request.POST.get("action") in ("switch_off", "switch_on"):
        service.user.is_active = request.POST["action"] == "switch_on"
        service.user.save(update_fields=["is_active"])
        messages.success(request, f"{service} is {'on' if service.user.is_active else 'off; its tokens open nothing'}.")
        return redirect("team:service-detail", name)
    members = service.user.memberships.select_related("dataset")
    return tokens_page(request, service.user, "team/service_detail.html", {"service": service, "members": members})
