"""From text to the API's own message, with one clear sentence for whatever is wrong. Needs `compat.apply()` first."""

from __future__ import annotations

import difflib
import re
from typing import Any

from google.protobuf import text_format
from object_detection.protos import pipeline_pb2

from training.engine.config_import.source import refused

UNKNOWN_FIELD = re.compile(r'Message type "([\w.]+)" has no field named "([^"]+)"')
#: What the message is about, without the position in front and full names of messages in it.
POSITION = re.compile(r"^\d+:\d+ : ")
PREFIX = "object_detection.protos."


def parse(text: str) -> Any:
    """The pipeline as a TrainEvalPipelineConfig message.

    Blocks that only exist inside Google (readers of their own storage) are passed over: an import replaces the
    readers anyway. Raises `EngineError` naming the line.
    """
    pipeline = pipeline_pb2.TrainEvalPipelineConfig()
    try:
        text_format.Parse(text, pipeline, allow_unknown_extension=True)
    except text_format.ParseError as error:
        raise refused(sentence(text, error)) from error
    if not pipeline.HasField("model") or not pipeline.model.WhichOneof("model"):
        raise refused("The file has no model block, so there is nothing to train; choose a whole pipeline.config.")
    return pipeline


def sentence(text: str, error: text_format.ParseError) -> str:
    """What is wrong in which line, and what to do about it."""
    line = error.GetLine() or 1
    unknown = UNKNOWN_FIELD.search(str(error))
    if not unknown:
        problem = POSITION.sub("", str(error)).replace(PREFIX, "").rstrip(".")
        return f"Line {line} cannot be read as a pipeline.config ({problem}); correct it, or choose another file."
    message, field = unknown[1].removeprefix(PREFIX), unknown[2]
    if message == "TrainEvalPipelineConfig":
        return (
            f"Line {line} begins with {field!r}, which no pipeline.config has; "
            "choose the pipeline.config of a model, not a label map or another file."
        )
    near = difflib.get_close_matches(field, fields_of(unknown[1]), 1)
    remedy = f"did you mean {near[0]!r}?" if near else "remove it; this version of the library does not know it."
    return f"Line {line} sets {field!r}, which does not exist in {message}; {remedy}"


def fields_of(message: str) -> list[str]:
    """The fields of a message by its full name."""
    waiting, seen = [pipeline_pb2.TrainEvalPipelineConfig.DESCRIPTOR], set()
    while waiting:
        descriptor = waiting.pop()
        if descriptor.full_name == message:
            return [field.name for field in descriptor.fields]
        seen.add(descriptor.full_name)
        inside = [field.message_type for field in descriptor.fields if field.message_type is not None]
        waiting += [one for one in inside if one.full_name not in seen]
    return []


def line_of(text: str, pattern: str) -> str:
    """ "Line 12", where a regular expression first matches outside comments; "The file" if nowhere."""
    for number, line in enumerate(text.splitlines(), start=1):
        if re.search(pattern, line.split("#", 1)[0]):
            return f"Line {number}"
    return "The file"
