"""A pipeline.config somebody brings: pasted or uploaded, explained, shown as a diff with a reason for each change."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_safe

from sw_site.lib.errors import UserError
from training.configs import Imported, all_imported, imported, keep, request_explanation
from training.forms import ConfigForm
from training.http import SignedInRequest


@require_http_methods(["GET", "HEAD", "POST"])
def config_list(request: SignedInRequest) -> HttpResponse:
    form = ConfigForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            config = keep(form.content())
        except UserError as error:
            form.add_error(None, error.message)
        else:
            request_explanation(config, user=request.user)
            return redirect("training:config-detail", config.digest)
    context = {"form": form, "configs": all_imported()}
    status = 422 if request.method == "POST" else 200
    return TemplateResponse(request, "training/config_list.html", context, status=status)


@require_safe
def config_detail(request: SignedInRequest, digest: str) -> HttpResponse:
    config = config_of(digest)
    context = {"config": config, "job": request_explanation(config, user=request.user)}
    part = request.headers.get("HX-Request") == "true"
    return TemplateResponse(request, f"training/{'_config' if part else 'config_detail'}.html", context)


def config_of(digest: str) -> Imported:
    try:
        return imported(digest)
    except UserError as error:
        raise Http404(error.message) from error
