"""Class names of incoming files -> classes of the dataset."""

from __future__ import annotations

from datasets.formats.records import FormatError
from datasets.importing.naming import squeezed
from datasets.models import Dataset, LabelClass
from sw_site.lib.errors import UserError

LONGEST = 100


def parse_mapping(lines: list[str]) -> dict[str, str]:
    """["bb8=BB-8", ...] -> {"bb8": "BB-8"}."""
    mapping = {}
    for line in lines:
        old, found, new = (part.strip() for part in line.partition("="))
        if not (old and found and new):
            raise UserError("bad_mapping", f"{line!r} is not a mapping. Write OLD=NEW, for example bb8=BB-8.")
        mapping[old] = new
    return mapping


class ClassMapper:
    """Finds or makes the class for a name.

    Order: the mapping given, a class of that name that is not retired, an alias, and (when a label map was given, which
    says what the classes are) a class whose name differs in case, blanks and punctuation only. With a label map every
    other name is refused; without one it becomes a new class.
    """

    def __init__(self, dataset: Dataset, mapping: dict[str, str], label_map: dict[int, str] | None) -> None:
        self.dataset, self.mapping, self.strict = dataset, mapping, label_map is not None
        self.merged: dict[str, str] = {}
        self.notes: dict[str, FormatError] = {}  # by name: what was done to it, to be said once
        self._cache: dict[str, LabelClass] = {}
        for name in (label_map or {}).values():
            dataset.add_class(name)
        self._classes = {c.name: c for c in dataset.classes.all()}

    def find(self, name: str) -> LabelClass:
        """The class for a name in a file. Raises FormatError (unknown_class) when a label map excludes it."""
        if name not in self._cache:
            self._cache[name] = self._resolve(name)
        return self._cache[name]

    def _resolve(self, name: str) -> LabelClass:
        target = self.mapping.get(name, name)
        found = self._classes.get(target)
        if found is None or found.retired:  # the name of a class that was merged away leads to the one it went to
            found = self._by_alias(target) or found
        if found is None and self.strict:
            found = self._by_likeness(target)
            if found is None:
                known = ", ".join(self._classes)
                raise FormatError(
                    "unknown_class",
                    f"Class {target!r} is not in the label map ({known}), so its boxes were left out. "
                    f"Map it ({target}=NAME) or add it to the label map, and import again.",
                )
        if found is None:
            found = self._classes[target] = self.dataset.add_class(target[:LONGEST])
            if len(target) > LONGEST:
                message = f"The name of class “{target[:40]}…” is longer than {LONGEST} letters and was cut there."
                self.notes[name] = FormatError("class_name_too_long", message)
        if found.name != name:
            self._remember(found, name)
        return found

    def _by_alias(self, name: str) -> LabelClass | None:
        return next((c for c in self._classes.values() if name in c.aliases), None)

    def _by_likeness(self, name: str) -> LabelClass | None:
        alike = [c for c in self._classes.values() if squeezed(c.name) == squeezed(name)]
        return alike[0] if len(alike) == 1 else None

    def _remember(self, label_class: LabelClass, name: str) -> None:
        """The next import maps this name by itself."""
        self.merged[name] = label_class.name
        if name not in label_class.aliases:
            label_class.aliases = [*label_class.aliases, name]
            label_class.save(update_fields=["aliases"])
