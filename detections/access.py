"""The only doors to rows of this app: what you may not see is a 404, what you may not change is a 403."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404

from datasets.access import permit, version_by_id
from datasets.models import DatasetVersion
from datasets.review.hidden import hidden_images
from detections.models import DetectionBatch, DetectionImage, Evaluation, MistakeSearch, Suspicion, VideoScan
from training.models import TrainedModel

if TYPE_CHECKING:
    from django.http import HttpRequest

    from detections.mistake_models import SearchQuerySet
    from detections.models import BatchQuerySet, EvaluationQuerySet
    from detections.video_models import VideoQuerySet
    from sw_site.accounts.models import User
    from sw_site.accounts.roles import Role


def who(request: HttpRequest) -> User:
    """The person asking; the middleware and the API let nobody in who is not signed in."""
    return cast("User", request.user)


def model_for(request: HttpRequest, pk: int) -> TrainedModel:
    rows = TrainedModel.objects.visible_to(who(request)).select_related("run__version__dataset")
    model = get_object_or_404(rows, pk=pk)
    permit(request, model.run.version.dataset)
    return model


def seen_model(request: HttpRequest, pk: int) -> TrainedModel:
    """A model to use on something else, in which this request needs its role; the model only has to be seen."""
    return get_object_or_404(
        TrainedModel.objects.visible_to(who(request)).select_related("run__version__dataset"), pk=pk
    )


def version_for(request: HttpRequest, pk: int) -> DatasetVersion:
    return version_by_id(request, pk)


def batches_for(request: HttpRequest) -> BatchQuerySet:
    rows = DetectionBatch.objects.visible_to(who(request))
    return rows.select_related("model__run__version__dataset", "version__dataset", "dataset", "job", "created_by")


def batch_for(request: HttpRequest, pk: int) -> DetectionBatch:
    batch = get_object_or_404(batches_for(request), pk=pk)
    permit(request, batch.model.run.version.dataset)
    return batch


def batch_image_for(request: HttpRequest, pk: int) -> DetectionImage:
    return get_object_or_404(DetectionImage, pk=pk, batch__in=DetectionBatch.objects.visible_to(who(request)))


def evaluations_for(request: HttpRequest) -> EvaluationQuerySet:
    rows = Evaluation.objects.visible_to(who(request))
    return rows.select_related("model", "version__dataset", "job", "created_by")


def evaluation_for(request: HttpRequest, pk: int) -> Evaluation:
    evaluation = get_object_or_404(evaluations_for(request), pk=pk)
    permit(request, evaluation.version.dataset)
    return evaluation


def searches_for(request: HttpRequest) -> SearchQuerySet:
    rows = MistakeSearch.objects.visible_to(who(request))
    return rows.select_related("dataset", "model__run", "job", "created_by")


def search_for(request: HttpRequest, pk: int) -> MistakeSearch:
    search = get_object_or_404(searches_for(request), pk=pk)
    permit(request, search.dataset)
    return search


def suspicion_for(request: HttpRequest, pk: int) -> Suspicion:
    rows = Suspicion.objects.filter(search__in=MistakeSearch.objects.visible_to(who(request)))
    found = get_object_or_404(rows.select_related("image__dataset", "search", "label_class"), pk=pk)
    if found.image_id in hidden_images(who(request), found.image.dataset).ids:
        raise Http404
    permit(request, found.image.dataset)
    return found


def videos_for(request: HttpRequest) -> VideoQuerySet:
    rows = VideoScan.objects.visible_to(who(request))
    return rows.select_related("model__run__version__dataset", "job", "created_by")


def video_for(request: HttpRequest, pk: int) -> VideoScan:
    scan = get_object_or_404(videos_for(request), pk=pk)
    permit(request, scan.model.run.version.dataset)
    return scan


def jobs_of_detections(user: User, role: Role) -> Q:
    """Jobs of evaluations, batches, searches and videos of datasets in which the person has this role."""
    found = Q()
    for rows in (DetectionBatch.objects, Evaluation.objects, MistakeSearch.objects, VideoScan.objects):
        found |= Q(pk__in=rows.open_to(user, role).exclude(job=None).values("job"))
    return found
