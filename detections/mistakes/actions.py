"""Starting a search, checks first. Pages, API and the command call these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from datasets.models import Dataset
from detections import jobs
from detections.inference import check_model
from detections.mistake_models import MistakeSearch
from detections.mistakes.collecting import labelled_images, numbers_of, trained_on
from detections.mistakes.folds import FOLDS, plan_folds
from sw_site.jobs.queue import create_job, enqueue
from sw_site.lib.errors import UserError
from training.models import TrainedModel

if TYPE_CHECKING:
    from sw_site.accounts.models import User


@transaction.atomic
def start_search(dataset: Dataset, model: TrainedModel, user: User | None, *, submit: bool = True) -> MistakeSearch:
    """A search by one model among the images it did not learn from. UserError when there is nothing to look at."""
    check_model(model)
    numbers_of(model, dataset)
    counts = seen_and_unseen(dataset, model)
    if not counts["unseen"]:
        raise UserError(
            "all_trained_on" if counts["seen"] else "no_labels",
            f"“{model}” was trained on every labelled image of {dataset.name}, so it would only repeat their labels. "
            "Search by folds instead, or label images it has not seen."
            if counts["seen"]
            else f"{dataset.name} has no labelled image yet, so there are no labels to look at.",
        )
    search = MistakeSearch.objects.create(dataset=dataset, model=model, created_by=user)
    return queue(search, "default", submit)


@transaction.atomic
def start_fold_search(
    dataset: Dataset, model: TrainedModel, folds: int, user: User | None, *, submit: bool = True
) -> MistakeSearch:
    """A search over all images, by `folds` trainings with the settings of the run behind `model`."""
    if not FOLDS[0] <= folds <= FOLDS[1]:
        raise UserError("bad_folds", f"Choose {FOLDS[0]} to {FOLDS[1]} folds; 5 is usual.", 422)
    search = MistakeSearch.objects.create(dataset=dataset, model=model, folds=folds, created_by=user)
    plan_folds(search, model.run, user)
    return queue(search, "gpu", submit)


def seen_and_unseen(dataset: Dataset, model: TrainedModel) -> dict[str, int]:
    """How many labelled images the model learnt from, and how many it did not."""
    known, images = trained_on(model), labelled_images(dataset)
    seen = sum(image.sha256 in known for image in images)
    return {"seen": seen, "unseen": len(images) - seen}


def queue(search: MistakeSearch, name: str, submit: bool) -> MistakeSearch:
    fields: dict[str, Any] = {"user": search.created_by, "queue": name, "subject_url": search.get_absolute_url()}
    search.job = create_job(
        jobs.search_mistakes, kind="mistakes", title=str(search), payload={"search_id": search.pk}, **fields
    )
    search.save(update_fields=["job"])
    if submit:
        enqueue(search.job)
    return search
