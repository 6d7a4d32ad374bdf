"""Choosing what a run starts from: the zoo as cards, archives brought by hand."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from datasets.models import DatasetVersion
from sw_site.lib.errors import UserError
from training.bases import may_use_backbones
from training.forms import ArchiveForm, BackboneForm, VersionChoice
from training.http import SignedInRequest, go_to
from training.models import TrainedModel
from training.zoo.cards import card_for, cards_for
from training.zoo.downloads import may_add_starts, refuse_unless_staff, request_download
from training.zoo.store import add_upload

OWN_MODELS = 12


def chosen_version(request: SignedInRequest) -> DatasetVersion | None:
    """The version named in the address, else the newest; None when there is none."""
    versions = DatasetVersion.objects.visible_to(request.user).select_related("dataset").order_by("-pk")
    wanted = request.GET.get("version", "")
    found = versions.filter(pk=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 10 else None
    return found or versions.first()


@require_safe
def start_list(request: SignedInRequest) -> HttpResponse:
    version = chosen_version(request)
    context = {
        "version": version,
        "choice": VersionChoice(request.user, initial={"version": version.pk if version else None}),
        "cards": cards_for(version),
        "models": TrainedModel.objects.visible_to(request.user).for_list()[:OWN_MODELS],
        "may_add": may_add_starts(request.user),
        "archive_form": ArchiveForm(),
        "backbone_form": BackboneForm() if may_use_backbones(request.user) else None,
    }
    return TemplateResponse(request, "training/start_list.html", context)


@require_safe
def start_card(request: SignedInRequest, name: str) -> HttpResponse:
    """One card again, while its download goes on."""
    version = chosen_version(request)
    try:
        card = card_for(name, version)
    except UserError as error:
        raise Http404(error.message) from error
    context = {"card": card, "version": version, "may_add": may_add_starts(request.user)}
    return render(request, "training/_start_card.html", context)


@require_POST
def start_download(request: SignedInRequest, name: str) -> HttpResponse:
    try:
        refuse_unless_staff(request.user)
        request_download(name, user=request.user)
    except UserError as error:
        messages.error(request, error.message)
    version = request.POST.get("version", "")
    query = f"?version={int(version)}" if version.isdecimal() else ""
    return redirect(f"{reverse('training:start-list')}{query}#{name}")


@require_POST
def archive_create(request: SignedInRequest) -> HttpResponse:
    form = ArchiveForm(request.POST, request.FILES)
    try:
        refuse_unless_staff(request.user)
        if not form.is_valid():
            raise UserError("no_file", "No file arrived. Choose an archive and send it again.")
        archive = add_upload(form.cleaned_data["archive"])
    except UserError as error:
        messages.error(request, error.message)
        return go_to(request, "training:start-list")
    messages.success(request, f"{archive.title} is kept: {archive.architecture}, {archive.input_size} px.")
    return go_to(request, f"{reverse('training:run-create')}?base=zoo:{archive.name}")
