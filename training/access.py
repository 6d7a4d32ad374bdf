"""The only doors to rows of this app: what you may not see is a 404, what you may not change is a 403."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.shortcuts import get_object_or_404

from datasets.access import permit
from training.models import Run, TrainedModel

if TYPE_CHECKING:
    from sw_site.accounts.models import User
    from sw_site.accounts.roles import Role
    from training.http import SignedInRequest
    from training.models import RunQuerySet, TrainedModelQuerySet


def runs_for(request: SignedInRequest) -> RunQuerySet:
    return Run.objects.visible_to(request.user).for_list().select_related("model")


def run_for(request: SignedInRequest, pk: int) -> Run:
    run = get_object_or_404(runs_for(request).select_related("base_model"), pk=pk)
    permit(request, run.version.dataset)
    return run


def models_for(request: SignedInRequest) -> TrainedModelQuerySet:
    return TrainedModel.objects.visible_to(request.user).for_list()


def model_for(request: SignedInRequest, pk: int) -> TrainedModel:
    rows = models_for(request).select_related("run__base_model", "run__job")
    model = get_object_or_404(rows, pk=pk)
    permit(request, model.run.version.dataset)
    return model


def jobs_of_training(user: User, role: Role) -> Q:
    """Jobs of runs of datasets in which the person has this role."""
    return Q(pk__in=Run.objects.open_to(user, role).exclude(job=None).values("job"))
