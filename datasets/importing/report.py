"""What an import did, for people and programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from datasets.formats.records import FormatError, Problem


@dataclass
class ImportReport:
    """Counts of one import. `images_skipped` are image files that did not become a new image (damaged, or known).

    `images_kept` were labelled before, and asked to be left alone; `splits` counts the images of this import by the
    split that came with them.
    """

    images_found: int = 0
    images_added: int = 0
    images_skipped: int = 0
    images_known: int = 0
    boxes_added: int = 0
    images_kept: int = 0
    boxes_known: int = 0
    boxes_replaced: int = 0
    format: str = ""
    layout: str = ""
    splits: dict[str, int] = field(default_factory=dict)
    classes: list[str] = field(default_factory=list)
    names_mapped: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add_problem(self, file: object, error: FormatError) -> None:
        self.problems.append(Problem(str(file), error.code, error.message))

    def as_json(self) -> dict[str, Any]:
        values = {key: value for key, value in vars(self).items() if key != "problems"}
        return {**values, "problems": [problem.as_json() for problem in self.problems]}

    def sentence(self) -> str:
        parts = [f"{self.images_added:,} images and {self.boxes_added:,} boxes added"]
        if self.images_known:
            parts.append(f"{self.images_known:,} images were here already")
        if self.boxes_replaced:
            parts.append(f"{self.boxes_replaced:,} boxes replaced")
        if self.images_kept:
            parts.append(f"the labels of {self.images_kept:,} images were left as they were")
        if self.problems:
            parts.append(f"{len(self.problems):,} remarks to look at")
        return ", ".join(parts) + "."
