"""Answering suspicions: the label is right, take the model's, or edit; every answer can be taken back."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from datasets.labels import box_as_json
from datasets.models import Box
from datasets.operations import Batch, Conflict, Operation, apply_batch
from datasets.saving import BoxValues
from detections.mistake_models import JUDGED, Answer, Kind, MistakeSearch, Suspicion
from detections.mistakes.places import EDGES, overlap, same_label
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User

FLAGS = ("difficult", "truncated", "occluded")


def next_open(search: MistakeSearch, kind: str = "", after: int = 0, user: Any = None) -> Suspicion | None:
    """The most doubtful open one behind rank `after` that the person may see.

    Those whose label was changed meanwhile are closed on the way.
    """
    waiting = search.suspicions_for(user).filter(answer=Answer.OPEN, rank__gt=after)
    waiting = waiting.select_related("image", "label_class")
    if kind in Kind.values:
        waiting = waiting.filter(kind=kind)
    while (found := waiting.order_by("rank").first()) is not None:
        if still_stands(found):
            return found
        close(found, Answer.OVERTAKEN, None)
    return None


def still_stands(suspicion: Suspicion) -> bool:
    """Whether the label is what it was; of a missing one, whether no label of its class was drawn there meanwhile."""
    if suspicion.was is None:
        return not covered(suspicion)
    box = Box.objects.filter(pk=suspicion.was["id"], image=suspicion.image_id).first()
    return same_label(box, suspicion.was)


def covered(suspicion: Suspicion) -> bool:
    proposal: dict[str, Any] = suspicion.proposal or {}
    boxes = Box.objects.filter(image=suspicion.image_id, label_class=proposal["class_id"])
    return any(overlap(box_as_json(box), proposal) >= 0.5 for box in boxes)


def answer(suspicion: Suspicion, said: str, user: User | None) -> Suspicion:
    """Keep an answer. TAKEN changes the labels as a person's edit would.

    Raises:
        UserError: no such answer, answered already (409), or the label was changed meanwhile (409).
    """
    if said not in JUDGED:
        raise UserError("bad_answer", f"“{said}” is no answer. Say one of {', '.join(JUDGED)}.", 422)
    with transaction.atomic():
        locked = Suspicion.objects.select_for_update(of=("self",)).select_related("image").get(pk=suspicion.pk)
        if locked.answer:
            raise UserError("answered", "Somebody has answered this one already.", 409)
        if not still_stands(locked):
            raise UserError("overtaken", "The label was changed meanwhile, so the question is settled.", 409)
        if said == Answer.TAKEN:
            take(locked, user)
        close(locked, said, user)
    return locked


def close(suspicion: Suspicion, said: str, user: User | None) -> None:
    suspicion.answer, suspicion.answered_by, suspicion.answered_at = said, user, timezone.now()
    suspicion.save(update_fields=["answer", "answered_by", "answered_at", "batch", "revision", "box_id"])


def take(suspicion: Suspicion, user: User | None) -> None:
    """Make the labels what the model says, by one operation of the label editor's kind."""
    was = values(suspicion.was, suspicion.box_id) if suspicion.was else None
    new_id = suspicion.box_id or uuid.uuid4()
    run_operation(suspicion, Operation(new_id, wanted(suspicion, new_id), was), user)
    suspicion.box_id = new_id


def wanted(suspicion: Suspicion, pk: uuid.UUID) -> BoxValues | None:
    """What the box becomes; None: it goes. A wrong class is mended without moving the box a person drew."""
    if suspicion.kind in (Kind.EXTRA, Kind.DUPLICATE):
        return None
    proposal: dict[str, Any] = dict(suspicion.proposal or {})
    flags = {name: suspicion.was[name] for name in FLAGS} if suspicion.was else {}
    place = suspicion.was if suspicion.was and suspicion.kind == Kind.WRONG_CLASS else proposal
    return BoxValues(pk, proposal["class_id"], **{name: place[name] for name in EDGES}, **flags)


def values(row: dict[str, Any], pk: uuid.UUID | None) -> BoxValues:
    names = (*EDGES, *FLAGS, "source", "score")
    return BoxValues(pk or uuid.UUID(row["id"]), row["class_id"], **{name: row[name] for name in names})


def run_operation(suspicion: Suspicion, operation: Operation, user: User | None) -> None:
    suspicion.batch = uuid.uuid4()
    try:
        saved = apply_batch(suspicion.image, Batch(suspicion.batch, suspicion.image.revision, [operation]), user)
    except Conflict as conflict:
        raise UserError("overtaken", "The label was changed meanwhile, so nothing was done.", 409) from conflict
    suspicion.revision = saved.image.revision


@transaction.atomic
def take_back(suspicion: Suspicion, user: User | None) -> Suspicion:
    """Open a suspicion again, and make its box what it was. Raises UserError when the box was changed since (409)."""
    locked = Suspicion.objects.select_for_update(of=("self",)).select_related("image").get(pk=suspicion.pk)
    if not locked.answer:
        raise UserError("not_answered", "This one is open: there is no answer to take back.", 409)
    if locked.answer == Answer.TAKEN and locked.box_id:
        box = Box.objects.filter(pk=locked.box_id).first()
        now = values(box_as_json(box), box.pk) if box else None
        expected = after_taking(locked)
        if (now is None) != (expected is None) or (now and expected and not same_place(now, expected)):
            raise UserError("overtaken", "The box was changed since, so it stays. Change it in the editor.", 409)
        before = values(locked.was, locked.box_id) if locked.was else None
        run_operation(locked, Operation(locked.box_id, before, now), user)
        locked.box_id = locked.box_id if locked.was else None
        locked.was = box_as_json(Box.objects.get(pk=locked.was["id"])) if locked.was else None
    locked.answer, locked.answered_by, locked.answered_at = Answer.OPEN, None, None
    locked.save()
    return locked


def after_taking(suspicion: Suspicion) -> BoxValues | None:
    return wanted(suspicion, suspicion.box_id or uuid.uuid4())


def same_place(now: BoxValues, expected: BoxValues) -> bool:
    """Edges may have been cut at the photo's border when they were saved."""
    near = all(abs(getattr(now, name) - getattr(expected, name)) <= 1.0 or expected_outside(expected, name)
               for name in EDGES)  # fmt: skip
    return now.class_id == expected.class_id and near


def expected_outside(expected: BoxValues, name: str) -> bool:
    return name in ("x2", "y2") or getattr(expected, name) < 0


def last_answered(search: MistakeSearch, user: User) -> Suspicion | None:
    rows = search.suspicions_for(user).filter(answered_by=user, answer__in=JUDGED)
    return rows.select_related("image", "search").order_by("-answered_at").first()
