"""The whole pipeline.config of a run before it is made, and what a person changes in it.

The engine derives it in a child process, without TensorFlow and within a second. What is kept of an edited text are the
settings that differ, so that a clone for another version or batch derives the rest anew.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sw_site.lib.errors import UserError
from training.asking import ask_engine
from training.bases import Base
from training.config import TrainingSettings
from training.configs import diff_of
from training.preparation import manifest_of, write_request

if TYPE_CHECKING:
    from datasets.models import DatasetVersion

LIMIT_SECONDS = 60


@dataclass(frozen=True)
class Change:
    """A setting by its path: what the site would write and what the run has instead, as protobuf text."""

    path: str
    derived: str
    value: str


@dataclass(frozen=True)
class Effective:
    """`derived` and `text` are the whole pipeline.config without and with `overrides`."""

    overrides: dict[str, str]
    derived: str
    text: str
    changes: list[Change] = field(default_factory=list)

    @property
    def as_json(self) -> str:
        """The overrides as the form sends them back; empty for none."""
        return json.dumps(self.overrides) if self.overrides else ""

    @property
    def diff(self) -> Iterator[tuple[str, str]]:
        """(kind, line) as `training.configs.diff_of` gives them."""
        return diff_of(self.derived, self.text)


def effective(
    version: DatasetVersion, config: TrainingSettings, base: Base, files: Mapping[str, str] | None = None
) -> Effective:
    """The pipeline.config of such a run. UserError `bad_override` names what in its overrides cannot be.

    `files` may hold an edited text with what it was made of (`edited.config`, `before.config`), or a part of a
    pipeline.config to be put over it (`part.config`).
    """
    manifest = manifest_of(version)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write_request(directory, manifest, config.run_json("", base.to_json()))
        for file, text in (files or {}).items():
            (directory / file).write_text(text.replace("\r\n", "\n"), encoding="utf-8")
        said = ask_engine("config", str(directory.resolve()), refused="bad_override", seconds=LIMIT_SECONDS)
    return Effective(**{**said, "changes": [Change(**change) for change in said["changes"]]})


def edited(version: DatasetVersion, config: TrainingSettings, base: Base, before: str, text: str) -> Effective:
    """What an edited text asks for; `before` is the derived text that the person was shown."""
    return effective(version, config, base, {"before.config": before, "edited.config": text})


def with_part(version: DatasetVersion, config: TrainingSettings, base: Base, part: str) -> Effective:
    """The settings of a part of a pipeline.config, and over them those of `config`."""
    return effective(version, config, base, {"part.config": part})


def refuse_bad_overrides(version: DatasetVersion, config: TrainingSettings, base: Base) -> None:
    """UserError when something in the overrides cannot be; nothing is asked where there are none."""
    if config.overrides:
        effective(version, config, base)


def overrides_of(texts: Iterable[str]) -> dict[str, str]:
    """{path: value} of "path=value" as they are typed; UserError for a line without the sign."""
    found: dict[str, str] = {}
    for text in texts:
        path, sign, value = text.partition("=")
        if not sign or not path.strip():
            raise UserError(
                "bad_override",
                f"“{text}” is no setting; write it as path=value, like train_config.gradient_clipping_by_norm=5.",
                422,
            )
        found[path.strip()] = value.strip()
    return found
