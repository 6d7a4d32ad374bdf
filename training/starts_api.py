"""The API of starts, part of /api/v1/training/."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from ninja import File, Router, Schema, Status
from ninja.files import UploadedFile
from ninja.pagination import paginate

from datasets.models import DatasetVersion
from sw_site.jobs.models import Job
from sw_site.lib.schemas import Body
from training.api import RunIn
from training.bases import backbone_names, may_use_backbones, save_backbone
from training.configs import Imported, imported, keep, request_explanation
from training.http import SignedInRequest
from training.overriding import Effective, effective
from training.preflight import preflight, refuse_if_blocked
from training.trials import Trial, request_trial, visible_trial
from training.zoo.cards import cards_for
from training.zoo.documents import document
from training.zoo.downloads import refuse_unless_staff, request_download
from training.zoo.store import Archive, add_upload

router = Router(tags=["training"])


class ZooOut(Schema):
    """A start. `coco_map` is 0 to 100 as published, `fit` good, fair or poor for the boxes of the version asked for."""

    name: str
    title: str
    architecture: str
    input_size: int
    speed_ms: float | None
    coco_map: float | None
    bytes: int | None
    sha256: str | None
    here: bool
    fit: str | None
    fit_words: str | None


class ArchiveOut(Schema):
    name: str
    architecture: str
    input_size: int
    depth_multiplier: float
    bytes: int
    sha256: str
    source: str
    known: str


class BackboneOut(Schema):
    """Start from it by `base`: "backbone:NAME"."""

    name: str


class ConfigIn(Body):
    text: str


class ConfigChangeOut(Schema):
    field: str
    before: str
    after: str
    reason: str


class ConfigOut(Schema):
    """A pipeline.config that was brought; `reference` is a run's architecture, `state` waiting, read or refused."""

    digest: str
    reference: str
    title: str
    state: str
    refusal: str
    blocks: list[dict[str, str]] = []
    changes: list[ConfigChangeOut] = []

    @staticmethod
    def resolve_blocks(config: Imported) -> list[dict[str, str]]:
        return list((config.explanation or {}).get("blocks", []))

    @staticmethod
    def resolve_changes(config: Imported) -> list[dict[str, str]]:
        return list((config.explanation or {}).get("changes", []))


class TrialOut(Schema):
    """`report` has `seconds_per_step`, `steps`, `batch_size`, `memory_mb` and, on a GPU, `gpu_memory_mb`."""

    key: str
    state: str
    report: dict[str, Any]
    error: str = ""

    @staticmethod
    def resolve_error(trial: Trial) -> str:
        return trial.job.error if trial.job and trial.state == "failed" else ""


class DownloadOut(Schema):
    job: int
    state: str

    @staticmethod
    def resolve_job(job: Job) -> int:
        return job.pk


@router.get("/zoo", response=list[ZooOut])
def list_zoo(request: SignedInRequest, version: int | None = None) -> list[dict[str, Any]]:
    """The zoo; with `?version=ID` how each detector's anchors fit its boxes."""
    visible = DatasetVersion.objects.visible_to(request.user).select_related("dataset")
    chosen = get_object_or_404(visible, pk=version) if version is not None else None
    return [document(card) for card in cards_for(chosen)]


@router.post("/zoo/{str:name}/download", response={202: DownloadOut})
def download(request: SignedInRequest, name: str) -> Status[Job]:
    """Fetches an archive in the background (administrators)."""
    refuse_unless_staff(request.user)
    return Status(202, request_download(name, user=request.user))


@router.post("/zoo", response={201: ArchiveOut})
def add_archive(request: SignedInRequest, archive: File[UploadedFile]) -> Status[Archive]:
    """Keeps an archive that is sent along, to start from as `zoo:NAME` (administrators)."""
    refuse_unless_staff(request.user)
    return Status(201, add_upload(archive))


@router.get("/backbones", response=list[BackboneOut])
@paginate
def list_backbones(request: SignedInRequest) -> list[dict[str, str]]:
    """Files of ImageNet weights that runs may start from; administrators' runs only."""
    return [{"name": name} for name in (backbone_names() if may_use_backbones(request.user) else [])]


@router.post("/backbones", response={201: BackboneOut})
def add_backbone(request: SignedInRequest, file: File[UploadedFile]) -> Status[dict[str, str]]:
    """Keep a Keras weights file (.weights.h5) to start from. Administrators only."""
    return Status(201, {"name": save_backbone(file, request.user)})


@router.post("/configs", response={202: ConfigOut})
def add_config(request: SignedInRequest, data: ConfigIn) -> Status[Imported]:
    """Keeps a pipeline.config and has it read in the background."""
    config = keep(data.text.encode())
    request_explanation(config, user=request.user)
    return Status(202, config)


@router.get("/configs/{str:digest}", response=ConfigOut)
def get_config(request: SignedInRequest, digest: str) -> Imported:
    """What it says, block by block, and what is changed to train it here, with a reason each."""
    return imported(digest)


class ConfigTextIn(RunIn):
    """The answers of a run and, if there is one, an edited text with the derived one it was made of, or a part."""

    text: str = ""
    before: str = ""
    part: str = ""

    def files(self) -> dict[str, str]:
        if self.text:
            return {"edited.config": self.text, "before.config": self.before}
        return {"part.config": self.part} if self.part else {}


class OverrideOut(Schema):
    path: str
    derived: str
    value: str


class ConfigTextOut(Schema):
    """`text` is the whole pipeline.config, `derived` without the overrides; give `overrides` to the run."""

    overrides: dict[str, str]
    derived: str
    text: str
    changes: list[OverrideOut]


@router.post("/runs/config", response=ConfigTextOut)
def config_of_run(request: SignedInRequest, data: ConfigTextIn) -> Effective:
    """The pipeline.config of a run before it is made, and what is changed in it."""
    return effective(*data.asked(request), data.files())


@router.post("/trials", response={202: TrialOut})
def create_trial(request: SignedInRequest, data: RunIn) -> Status[Trial]:
    """Tries settings out: seconds a step and memory. Ask under its key until `state` is done or failed."""
    version, config, base = data.asked(request)
    refuse_if_blocked(preflight(version, config, base))
    return Status(202, request_trial(version, config, base, user=request.user))


@router.get("/trials/{str:key}", response=TrialOut)
def get_trial(request: SignedInRequest, key: str) -> Trial:
    return visible_trial(key, request.user)
