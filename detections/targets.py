"""A model's classes and a dataset's: which box becomes a box of which class, said before anything is proposed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from datasets.models import Dataset
from detections.classes import ClassesDiffer, ClassMap, listed, mapping_from_names, match_classes
from sw_site.lib.errors import UserError
from training.models import TrainedModel

#: The model's class (label map id) -> row id of the dataset's class; other boxes are left out.
Targets = dict[int, int]


@dataclass(frozen=True)
class Answers:
    """What somebody said of the model's classes: `mapping` by label map ids, and `new`: classes to be made."""

    mapping: ClassMap | None = None
    new: Collection[int] = field(default_factory=tuple)


def classes_of(dataset: Dataset) -> dict[int, str]:
    """Names of the classes that are offered, by label map id."""
    return {c.number: c.name for c in dataset.classes.all() if not c.retired}


def strangers(model: TrainedModel, dataset: Dataset) -> dict[int, str]:
    """Classes of the model that the dataset has neither as a name nor as another name of one."""
    known = set(classes_of(dataset).values())
    aliased = by_alias(model, dataset)
    return {number: name for number, name in model.label_map.items() if name not in known and number not in aliased}


def by_alias(model: TrainedModel, dataset: Dataset) -> dict[int, int | None]:
    """Classes of the model that are another name of one of the dataset's."""
    ours = classes_of(dataset)
    rows = [c for c in dataset.classes.all() if not c.retired]
    aliases = {alias: c.number for c in rows for alias in c.aliases}
    return {n: aliases[name] for n, name in model.label_map.items() if name not in ours.values() and name in aliases}


def find_targets(model: TrainedModel, dataset: Dataset, answers: Answers) -> Targets:
    """Which class each of the model's becomes; those in `answers.new` are made.

    Raises:
        ClassesDiffer: the model has classes that nobody has said anything about.
        UserError: no class is left.
    """
    unknown = strangers(model, dataset)
    said = answers.mapping
    if unknown and said is None and not answers.new:
        raise ClassesDiffer(
            "classes_differ",
            f"{dataset.name} has no class called {listed(unknown.values())}; it has "
            f"{listed(classes_of(dataset).values())}. Say first which of its classes each of these is, whether it "
            "is a new one, or that boxes of it are left out.",
        )
    made = {number: new_class(dataset, model.label_map[number]) for number in answers.new if number in unknown}
    mapping = {**by_alias(model, dataset), **(said or {}), **made}
    match = match_classes(model.label_map, classes_of(dataset), mapping, "dataset")
    rows = dict(dataset.classes.values_list("number", "pk"))
    return {number: rows[target] for number, target in match.to_version.items()}


def new_class(dataset: Dataset, name: str) -> int:
    """The number of the class of this name, which is offered again if it was put away."""
    made = dataset.add_class(name)
    if made.retired:
        made.retired = False
        made.save(update_fields=["retired"])
    return made.number


def answers_from_names(
    model: TrainedModel, dataset: Dataset, names: Mapping[str, str | None] | None, new_classes: bool = False
) -> Answers:
    """What a program or a command said: {"the model's class": "the dataset's"} (empty or None: left out).

    With `new_classes` whatever is not named and not there becomes a class of its own.
    """
    mapping = mapping_from_names(model.label_map, classes_of(dataset), names, "dataset") if names is not None else None
    if not new_classes:
        return Answers(mapping)
    return Answers(mapping, [number for number in strangers(model, dataset) if number not in (mapping or {})])


def check_targets(targets: Mapping[str, int], dataset: Dataset) -> Targets:
    """Targets out of a job's payload, as far as their classes are still there. Raises UserError when none is."""
    there = set(dataset.classes.filter(retired=False).values_list("pk", flat=True))
    left = {int(number): pk for number, pk in targets.items() if pk in there}
    if not left:
        raise UserError(
            "classes_gone", f"The classes chosen for this are no longer among those of {dataset.name}. Start it anew."
        )
    return left
