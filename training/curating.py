"""What people say about models: aliases that point at one of them, tags, stage and note; each change is remembered."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction

from sw_site.lib.errors import UserError
from sw_site.lib.events import announce
from training.models import ModelAlias, ModelStage, TrainedModel

if TYPE_CHECKING:
    from sw_site.accounts.models import User

#: Offered on every model's page; any other word will do as well.
USUAL_ALIASES = ("production", "candidate")
ALIAS = re.compile(r"[a-z][a-z0-9_-]{0,29}")
MOST_TAGS, TAG_LENGTH, NOTE_LENGTH = 20, 30, 10_000


def move_alias(model: TrainedModel, name: str, user: User | None = None) -> ModelAlias:
    """Let an alias of the model's dataset point at this model; both models remember it. UserError for a bad name."""
    name = checked_alias(name)
    dataset = model.run.version.dataset
    with transaction.atomic():
        present = ModelAlias.objects.select_for_update().filter(dataset=dataset, name=name).first()
        before = present.model if present else None
        if present and before == model:
            return present
        alias, _ = ModelAlias.objects.update_or_create(
            dataset=dataset, name=name, defaults={"model": model, "moved_by": user}
        )
        came = f", until now {before.name}'s" if before else ""
        model.note_event("alias", f"Became {name} of {dataset}{came}.", user)
        if before:
            before.note_event("alias", f"Is no longer {name} of {dataset}: that is {model.name} now.", user)
        facts = {"alias": name, "model": model.pk, "model_name": model.name, "before": before.pk if before else None}
        announce("model.promoted", dataset.pk, **facts, by=str(user or ""))
    return alias


def drop_alias(model: TrainedModel, name: str, user: User | None = None) -> None:
    """Take an alias away from a model. UserError when the model does not have it."""
    with transaction.atomic():
        gone, _ = ModelAlias.objects.filter(model=model, name=name).delete()
        if not gone:
            raise UserError("no_such_alias", f"{model.name} is not {name[:30] or 'called so'}.", 404)
        model.note_event("alias", f"Is no longer {name}.", user)


def checked_alias(name: str) -> str:
    name = name.strip().lower()
    if not ALIAS.fullmatch(name):
        raise UserError(
            "bad_alias",
            f"“{name[:40]}” cannot be an alias. Use up to 30 small letters, digits, - and _, beginning with a letter.",
            422,
        )
    return name


def set_stage(model: TrainedModel, stage: str, user: User | None = None) -> TrainedModel:
    """How far people are with a model. A model that an alias points at cannot be retired."""
    if stage not in ModelStage.values:
        raise UserError("bad_stage", f"“{stage[:20]}” is no stage. Choose {', '.join(ModelStage.values)}.", 422)
    aliases = ", ".join(model.aliases.values_list("name", flat=True))
    if stage == ModelStage.RETIRED and aliases:
        raise UserError("in_use", f"{model.name} is {aliases}. Move that to another model before you retire it.", 409)
    if stage != model.stage:
        model.note_event("stage", f"{model.get_stage_display()} → {ModelStage(stage).label}.", user)
        model.stage = stage
        model.save(update_fields=["stage"])
    return model


def set_tags(model: TrainedModel, tags: Iterable[str], user: User | None = None) -> TrainedModel:
    """Replace the tags; empty and repeated ones are left out."""
    words = list(dict.fromkeys(" ".join(tag.replace("\x00", "").split()) for tag in tags))
    words = [word for word in words if word]
    if len(words) > MOST_TAGS or any(len(word) > TAG_LENGTH for word in words):
        raise UserError("bad_tags", f"A model has at most {MOST_TAGS} tags of {TAG_LENGTH} characters each.", 422)
    if words != model.tags:
        model.note_event("tags", f"Tags: {', '.join(words) or 'none'}.", user)
        model.tags = words
        model.save(update_fields=["tags"])
    return model


def set_note(model: TrainedModel, note: str, user: User | None = None) -> TrainedModel:
    note = note.replace("\x00", "").replace("\r\n", "\n").strip()
    if len(note) > NOTE_LENGTH:
        raise UserError("bad_note", f"The note has {len(note):,} characters; {NOTE_LENGTH:,} are the most.", 422)
    if note != model.note:
        model.note_event("note", "The note was changed." if note else "The note was taken away.", user)
        model.note = note
        model.save(update_fields=["note"])
    return model
