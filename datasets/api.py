"""The datasets part of the API: the same functions and the same access as the pages."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field

from datasets.access import dataset_for, version_for
from datasets.curation.api import router as curation
from datasets.forms import DatasetForm
from datasets.keys_api import router as keys
from datasets.labelling_api import router as labelling
from datasets.members_api import router as members
from datasets.models import Dataset
from datasets.review.api import router as review
from datasets.review.hidden import hidden_images
from datasets.sources.api import router as sources
from datasets.transfer_api import router as transfer
from datasets.versions.difference import as_json, compare
from datasets.versions.freeze import freeze, parse_fractions
from datasets.versions.manage import delete_version, rename_version
from datasets.versions.manifest import ManifestError
from sw_site.lib.errors import UserError
from sw_site.lib.schemas import Body

router = Router(tags=["datasets"])
router.add_router("", curation)
router.add_router("", transfer)
router.add_router("", sources)
router.add_router("", labelling)
router.add_router("", keys)
router.add_router("", review)
router.add_router("", members)
#: Mounted last: "keys" and "defects" are addresses of their own.
single = Router(tags=["datasets"])
router.add_router("", single)


class DatasetOut(Schema):
    name: str
    slug: str
    description: str
    image_count: int
    labelled_count: int


class DatasetIn(Body):
    name: str = Field(max_length=100)
    description: str = Field("", max_length=10_000)


class VersionIn(Body):
    name: str = ""
    split: str = "0.7,0.15,0.15"
    seed: int = Field(1, ge=0, lt=2**31)
    shots_together: bool = True


class VersionPatch(Body):
    name: str = Field(max_length=100)


class VersionOut(Schema):
    """`number` counts within its dataset; trainings and evaluations go by `id`."""

    id: int
    number: int
    name: str
    seed: int
    shots_together: bool
    content_hash: str
    counts: dict[str, Any]
    created_at: datetime


@router.get("", response=list[DatasetOut])
@paginate
def list_datasets(request: HttpRequest) -> Any:
    return Dataset.objects.visible_to(request.user).for_list()


@router.post("", response={201: DatasetOut})
def create_dataset(request: HttpRequest, body: DatasetIn) -> Status[Any]:
    """A new dataset, of which you are the manager."""
    form = DatasetForm(body.dict())
    if not form.is_valid():
        name, errors = next(iter(form.errors.get_json_data().items()))
        raise UserError("not_valid", f"{name}: {errors[0]['message']}", 422)
    dataset = form.save(commit=False)
    dataset.created_by = request.user
    dataset.save()
    return Status(201, Dataset.objects.for_list().get(pk=dataset.pk))


@router.get("/{slug}/versions", response=list[VersionOut])
@paginate
def list_versions(request: HttpRequest, slug: str) -> Any:
    return dataset_for(request, slug).versions.all()


@router.post("/{slug}/versions", response={201: VersionOut})
def create_version(request: HttpRequest, slug: str, body: VersionIn) -> Status:
    dataset = dataset_for(request, slug)
    fractions = parse_fractions(body.split)
    user: Any = request.user
    return Status(201, freeze(dataset, fractions, body.seed, user, body.name, body.shots_together))


@router.get("/{slug}/versions/{number}", response=VersionOut)
def get_version(request: HttpRequest, slug: str, number: int) -> Any:
    return version_for(request, slug, number)


@router.patch("/{slug}/versions/{number}", response=VersionOut)
def name_version(request: HttpRequest, slug: str, number: int, body: VersionPatch) -> Any:
    return rename_version(version_for(request, slug, number), body.name)


@router.delete("/{slug}/versions/{number}", response={204: None})
def remove_version(request: HttpRequest, slug: str, number: int) -> Status:
    """409 with what stands on it, when something does."""
    delete_version(version_for(request, slug, number))
    return Status(204, None)


@router.get("/{slug}/versions/{number}/diff/{other}", response=dict[str, Any])
def diff_versions(request: HttpRequest, slug: str, number: int, other: int, limit: int = 1000) -> Any:
    """What changed from version `number` to version `other`; of hidden checks only the counts tell."""
    before, after = version_for(request, slug, number), version_for(request, slug, other)
    try:
        difference = compare(before.manifest(), after.manifest())
    except ManifestError as error:
        raise UserError("manifest_unreadable", str(error), 500) from error
    seen = difference.without(hidden_images(request.user, after.dataset).digests)
    return {"from": number, "to": other, **as_json(seen, max(limit, 0))}


@single.get("/{slug}", response=DatasetOut)
def get_dataset(request: HttpRequest, slug: str) -> Any:
    return Dataset.objects.for_list().get(pk=dataset_for(request, slug).pk)
