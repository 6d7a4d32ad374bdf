"""Pages of invitations: making them, and coming in by one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import BaseUserCreationForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from datasets.models import Dataset
from sw_site.accounts.roles import MEMBER_ROLES, Role
from sw_site.lib.errors import UserError
from sw_site.team.invitation_models import Invitation
from sw_site.team.invitations import (
    MOST_DAYS,
    USUAL_DAYS,
    accept,
    invite,
    open_invitation,
    path_of,
    send_by_mail,
    take_back,
)  # fmt: skip

SHOWN = 100


class InvitationForm(forms.Form):
    email = forms.EmailField(required=False, help_text="The link is sent there. Empty: you pass it on yourself.")
    dataset = forms.ChoiceField(required=False, help_text="Where the person gets a role.")
    role = forms.ChoiceField(choices=[(role.word, role.label) for role in MEMBER_ROLES], initial=Role.ANNOTATOR.word)
    days = forms.IntegerField(min_value=1, max_value=MOST_DAYS, initial=USUAL_DAYS, label="Days it is open")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        managed = Dataset.objects.open_to(user, Role.MANAGER).values_list("slug", "name")
        nowhere = [("", "None: the account alone")] if user.is_staff else []
        self.fields["dataset"].choices = [*nowhere, *managed]  # type: ignore[attr-defined]


class JoinForm(BaseUserCreationForm):
    """A new account. Django's validators look at the password."""

    class Meta:
        model = get_user_model()
        fields = ("username",)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_list(request: HttpRequest) -> HttpResponse:
    """What was sent and is open; POST makes one and shows its link, this once."""
    form = InvitationForm(request.POST if request.method == "POST" else None, user=request.user)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        try:
            by: Any = request.user
            invitation, key = invite(**form.cleaned_data, by=by)
        except UserError as error:
            form.add_error(None, error.message)
        else:
            link = request.build_absolute_uri(path_of(key))
            said = send_by_mail(invitation, link)
            context |= {"link": link, "said": said, "form": InvitationForm(user=request.user)}
    rows = Invitation.objects.managed_by(request.user).select_related("dataset", "created_by", "used_by")
    status = 422 if form.errors else 200
    return TemplateResponse(
        request, "team/invitation_list.html", {**context, "invitations": rows[:SHOWN]}, status=status
    )


@require_POST
def invitation_take_back(request: HttpRequest, number: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation.objects.managed_by(request.user), pk=number)
    try:
        take_back(invitation)
    except UserError as error:
        messages.warning(request, error.message)
    else:
        messages.success(request, "The link opens nothing any more.")
    return redirect("team:invitation-list")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Where a link leads: somebody new makes an account, somebody known comes in as themselves."""
    key = request.POST.get("key") or request.GET.get("key", "")
    try:
        invitation = open_invitation(key)
    except UserError as error:
        return TemplateResponse(request, "team/join.html", {"refused": error.message}, status=error.status)
    if request.user.is_authenticated:
        return join_as(request, invitation, key)
    form = JoinForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.instance.email = invitation.email
            user = form.save()
            accept(invitation, user)
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        return welcome(request, invitation)
    context = {"invitation": invitation, "form": form, "key": key, "next": path_of(key)}
    return TemplateResponse(request, "team/join.html", context, status=422 if form.errors else 200)


def join_as(request: HttpRequest, invitation: Invitation, key: str) -> HttpResponse:
    if request.method == "POST":
        user: Any = request.user
        accept(invitation, user)
        return welcome(request, invitation)
    return TemplateResponse(request, "team/join.html", {"invitation": invitation, "key": key})


def welcome(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    where = f" You are {invitation.as_role.word} of {invitation.dataset.name}." if invitation.dataset else ""
    messages.success(request, f"Welcome, {request.user.get_username()}.{where}")
    return redirect(invitation.dataset or "home")
