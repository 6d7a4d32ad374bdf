"""What came of each box of a photo: the versions it is frozen in just as it is now, and the models that learnt it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from datasets.models import Box, Image
from datasets.review.hidden import hidden_images
from datasets.versions.manifest import ManifestBox
from training.lineage import Use, frozen_image, uses_of

if TYPE_CHECKING:
    from sw_site.accounts.models import User

#: Pixels by which edges may differ that are one: versions keep what the database keeps, rounded to three places.
NEAR = 0.01


@dataclass(frozen=True)
class BoxUse:
    """A box as it is now. `same` are the uses of its photo in whose version it is exactly so; in no other one is it."""

    box: Box
    same: list[Use] = field(default_factory=list)

    @property
    def learnt_by(self) -> list[Any]:
        """The models that learnt this box, without repeating one."""
        return list(dict.fromkeys(model for use in self.same if use.taught for model in use.models))


def boxes_uses_of(image: Image, user: User, uses: list[Use] | None = None) -> list[BoxUse]:
    """Every box of the photo from top to bottom; nothing for people from whom its labels are hidden."""
    if image.pk in hidden_images(user, image.dataset).ids:
        return []
    found = [BoxUse(box) for box in image.boxes.select_related("label_class").order_by("y1", "x1", "pk")]
    for use in uses_of(image, user) if uses is None else uses:
        frozen = frozen_image(use.version, image.pk)
        names = use.version.manifest().classes
        for one in found:
            if any(is_same(one.box, other, names) for other in (frozen.boxes if frozen else ())):
                one.same.append(use)
    return found


def is_same(box: Box, frozen: ManifestBox, names: dict[int, str]) -> bool:
    edges = zip((box.x1, box.y1, box.x2, box.y2), (frozen.x1, frozen.y1, frozen.x2, frozen.y2), strict=True)
    return names.get(frozen.class_id) == box.label_class.name and all(abs(now - then) < NEAR for now, then in edges)


def as_json(rows: Sequence[BoxUse]) -> list[dict[str, Any]]:
    return [
        {
            "box": str(row.box.pk),
            "class_name": row.box.label_class.name,
            "versions": [
                {"version": use.version.pk, "number": use.version.number, "split": use.split} for use in row.same
            ],
            "learnt_by": [model.pk for model in row.learnt_by],
        }
        for row in rows
    ]
