"""Out-of-sample predictions of every image: as many trainings as folds, each without the fold it predicts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from datasets.versions.freeze import folds_of, freeze_as
from detections.mistake_models import FoldRun, MistakeSearch
from detections.mistakes.collecting import Row, labelled_images, numbers_of, predict, trained_on
from detections.mistakes.search import write
from sw_site.jobs.context import JobContext
from sw_site.jobs.models import JobState
from sw_site.jobs.queue import retry, run_here
from sw_site.lib.errors import UserError
from training.actions import settings_like, start_run
from training.bases import NOTHING, Base
from training.control import base_of
from training.models import Run, TrainedModel

if TYPE_CHECKING:
    from sw_site.accounts.models import User

FOLDS = (2, 10)
LOOK_SECONDS = 1.0


def plan_folds(search: MistakeSearch, like: Run, user: User | None) -> None:
    """Freeze a version for each fold, with the fold as val and the rest as train, and a run of each; nothing starts."""
    folds = folds_of(search.dataset, search.folds)
    base = untouched_base(like, set(folds), search)
    for number in range(search.folds):
        splits = {pk: "val" if fold == number else "train" for pk, fold in folds.items()}
        words = f"fold {number + 1} of {search.folds}"
        version = freeze_as(search.dataset, splits, user, name=f"Label mistakes {search.pk}, {words}")
        name = f"Label mistakes {search.pk}, {words}"
        run = start_run(version, settings_like(like), user=user, name=name, base=base, submit=False)
        FoldRun.objects.create(search=search, number=number, version=version, run=run)


def untouched_base(like: Run, image_ids: set[int], search: MistakeSearch) -> Base:
    """What the run started from, unless that saw images of the dataset: then what that started from, or nothing."""
    hashes = set(search.dataset.images.filter(pk__in=image_ids).values_list("sha256", flat=True))
    run: Run | None = like
    while run is not None:
        base = base_of(run)
        if base.model is None:
            return NOTHING if run.continues_id else base
        if not trained_on(base.model) & hashes:
            return base
        run = base.model.run
    return NOTHING


def search_by_folds(search: MistakeSearch, context: JobContext) -> dict[str, Any]:
    """Train what is not trained yet, predict each fold by the model that has not seen it, and write the queue."""
    runs = list(search.fold_runs.select_related("run__job", "version"))
    for done, fold in enumerate(runs):
        train(fold, done, len(runs), context)
    images = {image.pk: image for image in labelled_images(search.dataset)}
    predictions: dict[int, list[Row]] = {}
    problems, stored = [], 0
    for fold in runs:
        model = TrainedModel.objects.select_related("run").get(run=fold.run_id)
        mine = [images[one.id] for one in fold.version.manifest().split("val") if one.id in images]
        found, unread, known = predict(model, mine, numbers_of(model, search.dataset), context.step)
        predictions |= found
        problems += [problem.as_json() for problem in unread]
        stored += known
    judged = [images[pk] for pk in sorted(predictions)]
    summary = {"trained_on": 0, "stored": stored, "problems": problems, "new": len(images) - len(predictions)}
    return write(search, judged, predictions, summary)


def train(fold: FoldRun, done: int, total: int, context: JobContext) -> None:
    """One training, as a part of this job; one that another worker has in hand is waited for.

    One that failed or was cancelled before goes on from its last checkpoint: the search is tried again, so it is too.
    """
    job = fold.run.job
    if job is None:
        raise UserError("run_gone", f"The training of {fold} is gone. Start another search.")

    def report(share: float, message: str) -> None:
        context.step(0.95 * (done + share) / total, 1, f"Fold {done + 1} of {total}: {message}")

    retry(job, deliver=False)
    while job.is_active:
        if job.state == JobState.QUEUED:
            job = run_here(job, report)
        else:
            context.step(0.95 * done / total, 1, f"Fold {done + 1} of {total} is being trained by another worker")
            time.sleep(LOOK_SECONDS)
            job.refresh_from_db()
        context.check()
    if job.state != JobState.SUCCEEDED:
        context.check()
        raise UserError(
            "fold_failed",
            f"The training of fold {done + 1} did not end well: {job.error or job.message} What is trained is kept: "
            "try this search again, and it goes on with this fold.",
        )
