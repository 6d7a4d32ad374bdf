"""`config RUN_DIR`: what a run's pipeline.config would say, with and without what a person has changed in it.

Needs nothing of TensorFlow, so it answers in half a second. RUN_DIR has run.json, dataset.json and, for a brought
config, imported.config. A person's changes are those of run.json and everything that `part.config` sets, or else those
that lead from `before.config` to `edited.config`.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import text_format
from object_detection.protos import pipeline_pb2

from training.engine import pipeline_config
from training.engine.config_import.reading import parse, sentence
from training.engine.config_import.source import load
from training.engine.dataset import Dataset
from training.engine.overrides.applying import apply
from training.engine.overrides.difference import difference, settings_of
from training.engine.overrides.values import refused
from training.engine.recipe import complete
from training.engine.request import RunRequest
from training.engine.rundir import RunDirectory, read_json

BEFORE, EDITED, PART = "before.config", "edited.config", "part.config"


def answer(run: RunDirectory) -> dict[str, Any]:
    """`{"overrides": {path: value}, "derived": text, "text": text, "changes": [{"path", "derived", "value"}]}`."""
    dataset = Dataset.load(run.dataset)
    request = RunRequest.from_json(complete(read_json(run.request), dataset))
    derived = pipeline_config.derive(run, request, dataset)
    overrides = asked(run, request.overrides)
    changed = type(derived)()
    changed.CopyFrom(derived)
    apply(changed, overrides, request.model.is_custom)
    back, there = difference(changed, derived), difference(derived, changed)
    return {
        "overrides": overrides,
        "derived": text_format.MessageToString(derived, as_utf8=True),
        "text": text_format.MessageToString(changed, as_utf8=True),
        "changes": [{"path": path, "derived": back.get(path, ""), "value": value} for path, value in there.items()],
    }


def asked(run: RunDirectory, overrides: dict[str, str]) -> dict[str, str]:
    """The overrides that the files of the directory ask for; without such files those of run.json."""
    if (run.root / EDITED).is_file():
        return difference(parse(load(run.root / BEFORE)), parse(load(run.root / EDITED)))
    if (run.root / PART).is_file():
        return settings_of(parsed_part(load(run.root / PART))) | overrides
    return overrides


def parsed_part(text: str) -> Any:
    """A part of a pipeline.config; `EngineError` names the line that cannot be read."""
    part = pipeline_pb2.TrainEvalPipelineConfig()
    try:
        text_format.Parse(text, part)
    except text_format.ParseError as error:
        raise refused(sentence(text, error)) from error
    return part
