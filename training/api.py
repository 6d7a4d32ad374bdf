"""The API of runs and models, mounted at /api/v1/training/. It calls the same functions as the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from ninja import Query, Router, Schema, Status
from ninja.pagination import paginate

from datasets.access import version_by_id
from datasets.models import DatasetVersion
from sw_site.jobs.models import Job
from sw_site.lib.errors import UserError
from sw_site.lib.schemas import MOST_ASKED, Asked, Body, Id, Whole
from training.access import model_for, models_for, run_for, runs_for
from training.actions import request_export, start_run
from training.bases import Base, base_for
from training.cloning import clone_with, start_like
from training.config import TrainingSettings
from training.finding import ModelFilter
from training.http import SignedInRequest
from training.models import Run, TrainedModel
from training.overriding import refuse_bad_overrides
from training.preflight import preflight
from training.series import series_of

router = Router(tags=["training"])
#: What is said of a run besides its settings.
NO_SETTINGS = ("version", "like", "base", "name", "host")


class RunIn(Body):
    """Only `version` (its id) is needed, or `like`: a run to do again, in which whatever else is said is changed. What
    is left out is chosen for you; `host` is the only machine that may train it (a name of /jobs/workers).

    `overrides` are settings of pipeline.config: values as protobuf text by path, such as
    `{"train_config.gradient_clipping_by_norm": "5"}`. `freeze` is what stays as the start has it for the first fifth of
    the steps: `backbone`, `backbone_and_pyramid` or `all_but_heads`.
    """

    version: Id | None = None
    like: Id | None = None
    base: str | None = None
    name: str = ""
    steps: Whole | None = None
    batch_size: Whole | None = None
    learning_rate: float | None = None
    architecture: str | None = None
    depth_multiplier: float | None = None
    input_size: Whole | None = None
    augmentation: str | None = None
    horizontal_flip: bool | None = None
    patience: Whole | None = None
    freeze: str | None = None
    seed: Whole | None = None
    host: str = ""
    overrides: dict[str, str] | None = None

    def chosen(self) -> dict[str, Any]:
        return {key: getattr(self, key) for key in RunIn.model_fields if key not in NO_SETTINGS}

    def asked(self, request: SignedInRequest) -> tuple[DatasetVersion, TrainingSettings, Base]:
        """What such a run is made of. UserError 422 for what cannot be, 404 for what the person may not see."""
        if self.like is None and self.version is None:
            raise UserError("no_version", "Say which version to train on (version), or which run to do again (like).")
        like = run_for(request, self.like) if self.like is not None else None
        version = version_by_id(request, self.version if self.version is not None else like.version_id)  # type: ignore[union-attr]
        reference = self.base if self.base is not None or like is None else start_like(like)
        base = base_for(reference or "", request.user)
        if like is None:
            return version, TrainingSettings.for_version(version, base, **self.chosen()), base
        return version, clone_with(like, version, base, **self.chosen()), base


class FindingOut(Schema):
    """`level` is "block", "fix" (mended by itself) or "warn"; `images` are ids of the first images it is about."""

    level: str
    code: str
    message: str
    images: list[int]


class RunOut(Schema):
    """A run. `progress` and AP figures are from 0 to 1."""

    id: int
    name: str
    version: int
    dataset: str
    state: str
    phase: str
    progress: float
    message: str
    error: str
    step: int
    steps: int
    steps_per_second: float | None
    best_step: int | None
    best_ap: float | None
    best_ap50: float | None
    paused: bool
    pinned: bool
    device: str
    machine: dict[str, Any]
    error_code: str
    continues: int | None
    model: int | None
    job: int | None
    config: dict[str, Any]
    created_at: datetime

    @staticmethod
    def resolve_version(run: Run) -> int:
        return run.version_id

    @staticmethod
    def resolve_dataset(run: Run) -> str:
        return run.version.dataset.slug

    @staticmethod
    def resolve_progress(run: Run) -> float:
        return run.job.progress if run.job else 0.0

    @staticmethod
    def resolve_message(run: Run) -> str:
        return run.job.message if run.job else ""

    @staticmethod
    def resolve_error(run: Run) -> str:
        return run.job.error if run.job else ""

    @staticmethod
    def resolve_model(run: Run) -> int | None:
        return run.model.pk if hasattr(run, "model") else None

    @staticmethod
    def resolve_continues(run: Run) -> int | None:
        return run.continues_id

    @staticmethod
    def resolve_job(run: Run) -> int | None:
        return run.job_id


class ExportOut(Schema):
    """`ap` is that of the file itself and `checkpoint_ap` that of its checkpoint, both on `split`."""

    format: str
    size_bytes: int
    ap: float | None
    checkpoint_ap: float | None
    split: str
    max_box_difference: float | None
    max_score_difference: float | None


class ModelOut(Schema):
    id: int
    name: str
    run: int
    version: int
    classes: dict[str, str]
    step: int
    ap: float | None
    ap50: float | None
    size_bytes: int
    detector_sha256: str
    number: int
    stage: str
    tags: list[str]
    note: str
    aliases: list[str]
    exports: list[ExportOut]
    created_at: datetime

    @staticmethod
    def resolve_run(model: TrainedModel) -> int:
        return model.run_id

    @staticmethod
    def resolve_version(model: TrainedModel) -> int:
        return model.run.version_id

    @staticmethod
    def resolve_aliases(model: TrainedModel) -> list[str]:
        return [alias.name for alias in model.aliases.all()]

    @staticmethod
    def resolve_exports(model: TrainedModel) -> list[Any]:
        return list(model.exports.all())


class ModelExportIn(Body):
    format: str


class JobOut(Schema):
    job: int
    state: str

    @staticmethod
    def resolve_job(job: Job) -> int:
        return job.pk


@router.get("/runs", response=list[RunOut])
@paginate
def list_runs(request: SignedInRequest) -> QuerySet[Run]:
    return runs_for(request)


@router.post("/runs", response={201: RunOut})
def create_run(request: SignedInRequest, data: RunIn) -> Status[Run]:
    version, config, base = data.asked(request)
    return Status(201, start_run(version, config, user=request.user, name=data.name, base=base, host=data.host))


@router.post("/runs/check", response=list[FindingOut])
def check_run(request: SignedInRequest, data: RunIn, decode: bool = False) -> list[Any]:
    """What would stop this run, what will be mended, and what would spoil its model, without starting it.

    With `?decode=true` every image is read to its end, which takes up to a minute for 2,000 of them.
    """
    version, config, base = data.asked(request)
    refuse_bad_overrides(version, config, base)
    return preflight(version, config, base, decode=decode)


@router.get("/runs/{int:pk}", response=RunOut)
def get_run(request: SignedInRequest, pk: int) -> Run:
    return run_for(request, pk)


@router.get("/runs/{int:pk}/series")
def series(request: SignedInRequest, pk: int, after: int = 0, story: Asked = "") -> dict[str, Any]:
    """The curves; with `after` and `story` as the last answer's `newest` and `story`, only what has come since."""
    return series_of(run_for(request, pk), max(0, min(after, 2**63 - 1)), story)


@router.get("/models", response=list[ModelOut])
@paginate
def list_models(
    request: SignedInRequest,
    text: str = Query("", max_length=MOST_ASKED),
    dataset: str = Query("", max_length=MOST_ASKED),
    alias: str = Query("", max_length=MOST_ASKED),
    tag: str = Query("", max_length=MOST_ASKED),
    stage: str = Query("", max_length=MOST_ASKED),
    order: str = Query("newest", max_length=MOST_ASKED),
) -> QuerySet[TrainedModel]:
    return ModelFilter.from_query(
        {"text": text, "dataset": dataset, "alias": alias, "tag": tag, "stage": stage, "order": order}
    ).apply(models_for(request).prefetch_related("exports"))


@router.get("/models/{int:pk}", response=ModelOut)
def get_model(request: SignedInRequest, pk: int) -> TrainedModel:
    return model_for(request, pk)


@router.post("/models/{int:pk}/exports", response={202: JobOut})
def create_export(request: SignedInRequest, pk: int, data: ModelExportIn) -> Status[Job]:
    model = model_for(request, pk)
    return Status(202, request_export(model, data.format, user=request.user))
