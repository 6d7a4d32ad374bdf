"""From fixed labels to a better model, step by step: a version with the fixes, the same training, the same test images.

Where somebody stands follows from what there is, so nothing is kept of the loop itself, and any step may be done by
another person, elsewhere on the site, or by a program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import reverse

from datasets.models import Dataset, DatasetVersion, Image
from datasets.versions.freeze import freeze_like
from detections.actions import start_evaluation
from detections.evaluation import read_manifest_of
from detections.models import Evaluation
from sw_site.lib.errors import UserError
from training.actions import settings_like, start_run
from training.control import base_of
from training.models import Run, TrainedModel

if TYPE_CHECKING:
    from sw_site.accounts.models import User

#: Versions that are looked at for one that goes on from the model's, the newest first.
NEWEST = 20
TEST = "test"


@dataclass(frozen=True)
class Loop:
    """How far it is. `version` has the fixes, `run` trains on it like the old one; None: not there yet."""

    old: TrainedModel
    changed: int
    version: DatasetVersion | None = None
    run: Run | None = None
    new: TrainedModel | None = None
    before: Evaluation | None = None
    after: Evaluation | None = None

    @property
    def dataset(self) -> Dataset:
        return self.old.run.version.dataset

    @property
    def next(self) -> str:
        """What is to be done now: freeze, train, evaluate; wait while a job works; compare when all is there."""
        if self.version is None:
            return "freeze"
        if self.run is None:
            return "train"
        if self.new is None:
            return "wait" if self.run.is_active else "failed"
        if not (self.before and self.after):
            return "evaluate"
        return "compare" if self.before.figures and self.after.figures else "wait"

    @property
    def compare_url(self) -> str:
        if self.next != "compare" or not (self.before and self.after):
            return ""
        return f"{reverse('detections:evaluation-compare')}?{urlencode({'a': self.before.pk, 'b': self.after.pk})}"


def loop_of(old: TrainedModel) -> Loop:
    """Where the loop that begins with this model stands."""
    version = next_version(old.run.version)
    changed = changed_images(old.run.version)
    if version is None:
        return Loop(old, changed)
    runs = Run.objects.filter(version=version, steps=old.run.steps).select_related("job", "version__dataset")
    run = next((run for run in runs.order_by("-pk") if same_settings(run, old.run)), None)
    new = TrainedModel.objects.select_related("run__version__dataset").filter(run=run).first() if run else None
    before, after = (newest_evaluation(model, version) if model else None for model in (old, new))
    return Loop(old, changed, version, run, new, before, after)


def next_version(version: DatasetVersion) -> DatasetVersion | None:
    """The newest later version that keeps every test image in test, and none of them elsewhere."""
    test = {image.id for image in read_manifest_of(version).split(TEST)}
    later = version.dataset.versions.filter(number__gt=version.number).select_related("dataset").order_by("-number")
    for one in later[:NEWEST]:
        images = read_manifest_of(one)
        there = {image.id for image in images.images}
        if test and {image.id for image in images.split(TEST)} == test & there and test & there:
            return one
    return None


def changed_images(version: DatasetVersion) -> int:
    """Images of the dataset that were saved after the version was frozen."""
    rows = Image.objects.filter(dataset=version.dataset, revisions__created_at__gt=version.created_at)
    return rows.distinct().count()


def same_settings(run: Run, other: Run) -> bool:
    return settings_like(run) == settings_like(other)


def newest_evaluation(model: TrainedModel, version: DatasetVersion) -> Evaluation | None:
    rows = Evaluation.objects.filter(model=model, version=version, split=TEST, labels="frozen", source=None)
    return rows.exclude(job__state__in=("failed", "cancelled")).select_related("job").order_by("-pk").first()


def go_on(old: TrainedModel, user: User | None) -> Loop:
    """Do the next step. UserError when there is nothing to do but wait, or a step cannot be done."""
    loop = loop_of(old)
    if loop.next == "freeze":
        check_test(old.run.version)
        freeze_like(old.run.version, user, name=f"Fixes after {old.run.version.name or f'v{old.run.version.number}'}")
    elif loop.next in ("train", "failed") and loop.version:
        start_run(loop.version, settings_like(old.run), user=user, base=base_of(old.run))
    elif loop.next == "evaluate" and loop.version and loop.new:
        for model, there in ((old, loop.before), (loop.new, loop.after)):
            if there is None:
                start_evaluation(model, loop.version, TEST, user)
    elif loop.next == "wait":
        raise UserError("loop_waits", "The step before is still on its way. Go on when it is done.", 409)
    else:
        raise UserError("loop_done", "Everything is done: compare the two models.", 409)
    return loop_of(old)


def check_test(version: DatasetVersion) -> None:
    if not version.counts.get(TEST, {}).get("images"):
        raise UserError(
            "no_test_split",
            f"{version} has no test images, so nothing would tell whether the fixes helped. Freeze a version with a "
            "test split and train on that first.",
            409,
        )


def loop_json(loop: Loop) -> dict[str, Any]:
    """The state, as API and command give it."""
    figures = {
        name: {"evaluation": row.pk, "ap": row.ap, "ap50": row.ap50} if row else None
        for name, row in (("before", loop.before), ("after", loop.after))
    }
    return {
        "model": loop.old.name,
        "dataset": loop.dataset.name,
        "changed_images": loop.changed,
        "next": loop.next,
        "version": loop.version.number if loop.version else None,
        "run": loop.run.pk if loop.run else None,
        "new_model": loop.new.name if loop.new else None,
        **figures,
    }
