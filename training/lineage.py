"""Where a model comes from, and what came of a photo: this box was in that version, which trained this model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from datasets.models import DatasetVersion, Image
from datasets.review.hidden import hidden_images
from datasets.versions.manifest import ManifestError, ManifestImage
from training.models import Run, TrainedModel

if TYPE_CHECKING:
    from sw_site.accounts.models import User

MOST_ANCESTORS = 20


@dataclass(frozen=True)
class Use:
    """A version that holds a photo: its split and boxes there, and the models that were trained on that version.

    `boxes` is None for people from whom the photo's labels are hidden.
    """

    version: DatasetVersion
    split: str
    boxes: int | None
    models: list[TrainedModel]

    @property
    def taught(self) -> bool:
        """Whether those models learnt from the photo; of val and test they were only measured on it."""
        return self.split == "train"


def uses_of(image: Image, user: User) -> list[Use]:
    """Every version that holds this photo, the newest first."""
    versions = DatasetVersion.objects.visible_to(user).filter(dataset=image.dataset_id).select_related("dataset")
    models: dict[int, list[TrainedModel]] = {}
    for model in TrainedModel.objects.visible_to(user).for_list().filter(run__version__dataset=image.dataset_id):
        models.setdefault(model.run.version_id, []).append(model)
    found, is_hidden = [], image.pk in hidden_images(user, image.dataset).ids
    for version in versions.order_by("-number"):
        frozen = frozen_image(version, image.pk)
        if frozen:
            boxes = None if is_hidden else len(frozen.boxes)
            found.append(Use(version, frozen.split, boxes, models.get(version.pk, [])))
    return found


def frozen_image(version: DatasetVersion, image_id: int) -> ManifestImage | None:
    try:
        return version.manifest().with_ids([image_id]).get(image_id)
    except ManifestError:
        return None


def ancestors(model: TrainedModel) -> list[Run]:
    """The runs a model descends from, its own first: what it continued, or the model it started from."""
    run: Run | None = model.run
    found: list[Run] = []
    while run and len(found) < MOST_ANCESTORS:
        found.append(run)
        run = run.continues or (run.base_model.run if run.base_model else None)
    return found


def lineage_json(model: TrainedModel) -> dict[str, Any]:
    """Both ways: what a model stands on, and what stands on it."""
    run = model.run
    return {
        "model": model.pk,
        "dataset": run.version.dataset.slug,
        "version": run.version.number,
        "content_hash": run.version.content_hash,
        "runs": [{"run": one.pk, "name": one.name, "version": one.version_id} for one in ancestors(model)],
        "start": run.config.get("base", {}),
        "trained_on_as": list(model.children.values_list("model", flat=True).exclude(model=None)),
        "extended_as": list(run.continuations.values_list("pk", flat=True)),
    }
