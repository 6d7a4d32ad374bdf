"""The only doors to rows of this app: what you may not see is a 404, what you may not change is a 403.

Which role a request needs stands in sw_site.accounts.policy; here it is asked of the dataset that is meant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from datasets.models import Dataset, DatasetVersion, Image
from sw_site.accounts.policy import names_an_object, needed
from sw_site.accounts.roles import NotAllowed, Role

if TYPE_CHECKING:
    from sw_site.accounts.models import User


def permit(request: HttpRequest, dataset: Dataset) -> None:
    """Raises NotAllowed (403) where the person's role in a dataset they see is less than this request needs."""
    request.meant_dataset = dataset  # type: ignore[attr-defined]  # the audit trail names it
    role = needed(request)
    if role > Role.VIEWER and role > dataset.role_of(request.user) and not request.user.is_staff:
        raise NotAllowed(role, dataset.name)


def permit_user(user: User | None, dataset: Dataset, role: Role) -> None:
    """The same for rules that are asked with a person; None is the operator at the command line, who may do all."""
    if user is not None and dataset.role_of(user) < role:
        raise NotAllowed(role, dataset.name)


def dataset_for(request: HttpRequest, slug: str) -> Dataset:
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), slug=slug)
    permit(request, dataset)
    return dataset


def image_for(request: HttpRequest, pk: int, *, lock: bool = False) -> Image:
    """The image with its dataset and its place in the check set. `lock`: nobody else writes it in this transaction."""
    images = Image.objects.visible_to(request.user).select_related("dataset", "check_item")
    if lock:
        images = images.select_for_update(of=("self",))
    image = get_object_or_404(images, pk=pk)
    permit(request, image.dataset)
    return image


def version_for(request: HttpRequest, slug: str, number: int) -> DatasetVersion:
    versions = DatasetVersion.objects.visible_to(request.user).select_related("dataset")
    version = get_object_or_404(versions, dataset__slug=slug, number=number)
    permit(request, version.dataset)
    return version


def version_by_id(request: HttpRequest, pk: int) -> DatasetVersion:
    version = get_object_or_404(DatasetVersion.objects.visible_to(request.user).select_related("dataset"), pk=pk)
    permit(request, version.dataset)
    return version


def may_manage(user: Any, dataset: Dataset) -> bool:
    """May this person see and choose the hidden checks? Its managers, and administrators."""
    return dataset.role_of(user) >= Role.MANAGER


def managed_dataset_for(request: HttpRequest, slug: str) -> Dataset:
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), slug=slug)
    if not may_manage(request.user, dataset):
        raise Http404
    permit(request, dataset)
    return dataset


class PolicyMiddleware:
    """Refuses at once what needs no row to be refused: what is the administrators', and what needs a role somewhere."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        try:
            refuse_at_once(request)
        except NotAllowed as error:
            if request.path.startswith("/api/"):
                return JsonResponse(error.as_json(), status=error.status)
            raise PermissionDenied(error.message) from error
        return None


def refuse_at_once(request: HttpRequest) -> None:
    """Raises NotAllowed. Who is not signed in is asked to do that elsewhere."""
    role, user = needed(request), request.user
    if role <= Role.VIEWER or not user.is_authenticated or user.is_staff or names_an_object(request):
        return
    if role == Role.ADMINISTRATOR:
        raise NotAllowed(role)
    seen = Dataset.objects.visible_to(user)
    if not Dataset.objects.open_to(user, role).exists() and seen.exists():  # without a dataset pages say how to begin
        raise NotAllowed(role, "a dataset")


def jobs_of_datasets(user: User, role: Role) -> Q:
    """Jobs whose page is one of a dataset in which the person has this role (see sw_site.jobs.models.SHARED)."""
    slugs = Dataset.objects.open_to(user, role).values_list("slug", flat=True)
    pages = [
        reverse(f"datasets:{name}", args=[slug]) for slug in slugs for name in ("dataset-detail", "duplicate-list")
    ]
    return Q(subject_url__in=pages)
