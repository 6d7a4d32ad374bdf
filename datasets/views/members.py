"""The members of a dataset: one page, whose buttons all post to itself."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from datasets.access import dataset_for
from datasets.members import remove_member, set_member, set_team_role
from datasets.models import Dataset
from sw_site.accounts.roles import MEMBER_ROLES, ROLE_HELP, Role
from sw_site.lib.errors import UserError


@require_http_methods(["GET", "HEAD", "POST"])
def member_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Everybody who sees the dataset sees its members; managers change them."""
    dataset = dataset_for(request, slug)
    if request.method == "POST":
        return change_members(request, dataset)
    role = dataset.role_of(request.user)
    context = {
        "dataset": dataset,
        "tab": "members",
        "members": dataset.memberships.select_related("user"),
        "roles": [(each, ROLE_HELP[each]) for each in MEMBER_ROLES],
        "team": Role(dataset.team_role),
        "team_roles": (Role.NOBODY, *MEMBER_ROLES),
        "own": role,
        "may_change": role >= Role.MANAGER,
    }
    return TemplateResponse(request, "datasets/member_list.html", context)


def change_members(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    data, user = request.POST, request.user
    by: Any = user
    try:
        if data.get("action") == "team":
            role = set_team_role(dataset, data.get("role", ""), by)
            messages.success(request, f"Everybody on the site is {role.word} here now.")
        elif data.get("action") == "remove":
            remove_member(dataset, data.get("person", ""), by)
            messages.success(request, f"{data['person']} is no longer a member.")
        else:
            member = set_member(dataset, data.get("person", ""), data.get("role", ""), by)
            messages.success(request, f"{member.user} is {member.as_role.word} now.")
    except UserError as error:
        messages.error(request, error.message)
    if not Dataset.objects.visible_to(user).filter(pk=dataset.pk).exists():
        return redirect(reverse("datasets:dataset-list"))
    return redirect("datasets:member-list", dataset.slug)
