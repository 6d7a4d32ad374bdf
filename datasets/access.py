"""The only doors to rows of this app: what you may not see is a 404."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.shortcuts import get_object_or_404

from datasets.models import Dataset, DatasetVersion, Image

if TYPE_CHECKING:
    from django.http import HttpRequest


def dataset_for(request: HttpRequest, slug: str) -> Dataset:
    return get_object_or_404(Dataset.objects.visible_to(request.user), slug=slug)


def image_for(request: HttpRequest, pk: int, *, lock: bool = False) -> Image:
    """The image with its dataset and its place in the check set. `lock`: nobody else writes it in this transaction."""
    images = Image.objects.visible_to(request.user).select_related("dataset", "check_item")
    if lock:
        images = images.select_for_update(of=("self",))
    return get_object_or_404(images, pk=pk)


def version_for(request: HttpRequest, slug: str, number: int) -> DatasetVersion:
    versions = DatasetVersion.objects.visible_to(request.user).select_related("dataset")
    return get_object_or_404(versions, dataset__slug=slug, number=number)


def may_manage(user: Any, dataset: Dataset) -> bool:
    """May this person see and choose the hidden checks? Staff, and whoever made the dataset."""
    return bool(user.is_staff or dataset.created_by_id == user.pk)


def managed_dataset_for(request: HttpRequest, slug: str) -> Dataset:
    dataset = dataset_for(request, slug)
    if not may_manage(request.user, dataset):
        raise Http404
    return dataset
