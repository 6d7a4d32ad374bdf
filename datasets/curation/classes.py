"""What can be done to the classes of a dataset. Numbers are label map ids: given once, never changed, never reused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from datasets.curation import actions
from datasets.curation.actions import Outcome
from datasets.curation.changes import Progress, silent
from datasets.formats.label_map import read_label_map, write_label_map
from datasets.formats.records import FormatError
from datasets.models import BulkChange, Dataset, LabelClass
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from sw_site.accounts.models import User

#: Letters the editor uses itself (static/js/editor/keyboard.js), which therefore cannot pick a class.
TAKEN_KEYS = frozenset("wadfnxtol0")


def clean_name(text: str) -> str:
    """The name without blanks around it. Raises UserError when nothing is left, or it is too long."""
    name = " ".join(text.replace("\x00", "").split())
    if not name or len(name) > 100:
        raise UserError("class_name", "A class needs a name of at most 100 letters, for example BB-8.", 422)
    return name


def add_class(dataset: Dataset, name: str) -> LabelClass:
    name = clean_name(name)
    _refuse_taken(dataset, name)
    return dataset.add_class(name)


@transaction.atomic
def rename_class(label_class: LabelClass, name: str) -> LabelClass:
    """The old name stays as an alias, so that files which say it still find the class."""
    name = clean_name(name)
    if name == label_class.name:
        return label_class
    _refuse_taken(label_class.dataset, name, except_for=label_class)
    aliases = [*label_class.aliases, label_class.name]
    label_class.aliases = unique(alias for alias in aliases if alias != name)
    label_class.name = name
    label_class.save(update_fields=["name", "aliases"])
    return label_class


def _refuse_taken(dataset: Dataset, name: str, except_for: LabelClass | None = None) -> None:
    for other in dataset.classes.exclude(pk=except_for.pk if except_for else 0):
        if other.name == name:
            raise UserError(
                "class_exists", f"There is a class called {name} already. To join the two, merge them.", 409
            )
        if name in other.aliases:
            raise UserError(
                "class_alias", f"{name} is another name of {other.name}. Take it off its other names first.", 409
            )


def edit_class(label_class: LabelClass, *, colour: str, hotkey: str, aliases: Sequence[str]) -> LabelClass:
    """Colour (#rrggbb), key in the editor (one letter or digit, or none) and other names, checked as a whole.

    Raises:
        UserError: not a colour, a key or name that is taken.
    """
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise UserError("class_colour", f"“{colour}” is not a colour. Give it as #rrggbb, like #ffb000.", 422)
    others = list(label_class.dataset.classes.exclude(pk=label_class.pk))
    label_class.hotkey = _checked_key(hotkey.strip().lower(), others)
    label_class.aliases = _checked_aliases(label_class, aliases, others)
    label_class.colour = colour.lower()
    label_class.save(update_fields=["colour", "hotkey", "aliases"])
    return label_class


def _checked_key(key: str, others: Sequence[LabelClass]) -> str:
    if not key:
        return ""
    if len(key) != 1 or not key.isalnum() or key in TAKEN_KEYS:
        raise UserError(
            "class_key",
            f"“{key}” cannot be a class's key: one digit, or one letter the editor does not use itself.",
            422,
        )
    for other in others:
        if other.key == key and not other.retired:
            raise UserError("class_key_taken", f"The key {key} is that of {other.name}. Choose another.", 409)
    return key


def _checked_aliases(label_class: LabelClass, aliases: Sequence[str], others: Sequence[LabelClass]) -> list[str]:
    wanted = unique(clean_name(alias) for alias in aliases if alias.strip())
    for other in others:
        for alias in wanted:
            if (alias == other.name and not other.retired) or alias in other.aliases:
                raise UserError("class_alias", f"{alias} already leads to {other.name}. One name, one class.", 409)
    return [alias for alias in wanted if alias != label_class.name]


def retire_class(label_class: LabelClass, retired: bool = True) -> LabelClass:
    """A retired class is offered no more. Its boxes, its number and every version that has it stay."""
    label_class.retired = retired
    label_class.save(update_fields=["retired"])
    return label_class


def merge_classes(source: LabelClass, target: LabelClass, user: User | None, progress: Progress = silent) -> Outcome:
    """All boxes of `source` become `target`, which also takes over its names; `source` is retired, its number stays."""
    if source.pk == target.pk or source.dataset_id != target.dataset_id:
        raise UserError("merge_same", "Choose two different classes of this dataset to merge.", 422)
    dataset = source.dataset
    ids = list(dataset.images.filter(boxes__label_class=source).distinct().order_by("pk").values_list("pk", flat=True))
    outcome = actions.relabel(dataset, ids, user, target, source, progress)
    if outcome.change:
        _hand_over(source, target, outcome.change)
    return outcome


@transaction.atomic
def _hand_over(source: LabelClass, target: LabelClass, change: BulkChange) -> None:
    """The names of `source` lead to `target` from now on; the change remembers which did not before."""
    names = [name for name in unique([source.name, *source.aliases]) if name not in target.aliases]
    change.merged = {"source": source.pk, "target": target.pk, "names": names}
    change.save(update_fields=["merged"])
    target.aliases = [*target.aliases, *names]
    target.save(update_fields=["aliases"])
    source.aliases = []
    source.retired = True
    source.save(update_fields=["aliases", "retired"])


@transaction.atomic
def reorder_classes(dataset: Dataset, ids: Sequence[int]) -> None:
    """Put the classes into this order; those not named come after, as they were. Numbers stay."""
    classes = {c.pk: c for c in dataset.classes.all()}
    order = [pk for pk in dict.fromkeys(ids) if pk in classes]
    order += [pk for pk in classes if pk not in set(order)]
    for position, pk in enumerate(order, start=1):
        classes[pk].position = position
    LabelClass.objects.bulk_update(classes.values(), ["position"])


def export_label_map(dataset: Dataset) -> str:
    """The label map of the classes in use, by their numbers, as the Object Detection API reads it."""
    return write_label_map({c.number: c.name for c in dataset.classes.filter(retired=False)})


@transaction.atomic
def import_label_map(dataset: Dataset, text: str) -> list[LabelClass]:
    """Make the classes of a .pbtxt with its numbers; gives back the new ones.

    Raises:
        UserError: it cannot be read, or gives a number or a name another meaning than it has here; nothing is changed.
    """
    try:
        wanted = read_label_map(text)
    except FormatError as error:
        raise UserError(error.code, error.message, 422) from error
    classes = list(dataset.classes.all())
    numbers, names = {c.number: c.name for c in classes}, {c.name: c.number for c in classes}
    for number, name in wanted.items():
        if numbers.get(number, name) != name or names.get(name, number) != number:
            here = f"{number} is {numbers[number]}" if number in numbers else f"{name} has {names[name]}"
            raise UserError(
                "label_map_differs",
                f"The label map says that {number} is {name}, but here {here}. Numbers never change; "
                "use a new dataset for another numbering.",
                409,
            )
    return [_numbered(dataset, number, name) for number, name in wanted.items() if number not in numbers]


def _numbered(dataset: Dataset, number: int, name: str) -> LabelClass:
    made = dataset.add_class(name)
    if made.number != number:
        made.number = number
        made.save(update_fields=["number"])
    return made


def unique(names: object) -> list[str]:
    return list(dict.fromkeys(names))  # type: ignore[call-overload]
