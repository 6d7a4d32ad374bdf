"""The history of one image: what each save left on it, and the way back."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from datasets.models import Box, Image, LabelClass, Revision
from datasets.saving import EDITABLE, Changes, write_changes
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User


@transaction.atomic
def restore_revision(image: Image, number: int, user: User | None) -> Image:
    """Make the image what it was after revision `number`, as a new revision. Nothing of the history is lost.

    Raises:
        UserError: there is no such revision (404).
    """
    locked = Image.objects.select_for_update().select_related("dataset").get(pk=image.pk)
    revision = locked.revisions.filter(number=number).first()
    if revision is None:
        raise UserError("no_such_revision", f"{locked.file_name} has no revision {number}.", 404)
    present = {box.pk: box for box in locked.boxes.all()}
    wanted = {uuid.UUID(row["id"]): row for row in revision.boxes}
    taken = set(Box.objects.filter(pk__in=wanted.keys() - present.keys()).values_list("pk", flat=True))
    changes = Changes(removed=list(present.keys() - wanted.keys()))
    after = []
    for pk, row in wanted.items():
        box = present.get(pk) or Box(id=uuid.uuid4() if pk in taken else pk, image=locked, created_by=user)
        if _take_over(box, row):
            (changes.changed if pk in present else changes.added).append(box)
        after.append(box)
    said = f"revision {number} restored"
    write_changes(locked, after, changes, user, verified=revision.verified, negative=revision.negative, summary=said)
    return locked


def _take_over(box: Box, row: dict[str, Any]) -> bool:
    """Write a box of the history into a row; True when the row is another one then."""
    said = {"label_class_id": row["class_id"], "tags": row.get("tags", [])}
    said |= {name: row[name] for name in (*EDITABLE, "pose") if name in row}
    before = {name: getattr(box, name) for name in said}
    for name, value in said.items():
        setattr(box, name, value)
    return box._state.adding or before != said


def overlay(image: Image, revision: Revision, classes: dict[int, LabelClass]) -> SafeString:
    """The boxes of a revision as an SVG over the picture."""
    shapes = []
    for row in revision.boxes:
        known = classes.get(row["class_id"])
        d = f"M{row['x1']:.1f} {row['y1']:.1f}H{row['x2']:.1f}V{row['y2']:.1f}H{row['x1']:.1f}z"
        drawn = '<g><title>{}</title><path class="case" d="{}"/><path class="box" stroke="{}" d="{}"/></g>'
        shapes.append(format_html(drawn, known.name if known else "?", d, known.colour if known else "#ffffff", d))
    frame = '<svg viewBox="0 0 {} {}" aria-hidden="true">{}</svg>'
    return format_html(frame, image.width, image.height, mark_safe("".join(shapes)))  # noqa: S308 - escaped above


def revision_as_json(revision: Revision) -> dict[str, Any]:
    return {
        "number": revision.number,
        "user": str(revision.user or ""),
        "when": revision.created_at.isoformat(),
        "summary": revision.summary,
        "verified": revision.verified,
        "negative": revision.negative,
        "boxes": revision.boxes,
    }
