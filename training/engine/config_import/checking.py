"""What a config asks for that cannot be built. Needs `compat.apply()` first."""

from __future__ import annotations

import difflib
import re
from typing import Any

from training.engine.config_import.networks import OF_TENSORFLOW_1, OF_TENSORFLOW_2
from training.engine.config_import.reading import line_of
from training.engine.config_import.source import preset_with, refused

SIDES = (32, 4096)  # pixels
#: A preset whose least input is larger than this cannot be built smaller; that of others is only a recommendation.
SMALL = 128
MOST_CLASSES = 10_000
PLACEHOLDER = re.compile(r"PATH_TO_BE_CONFIGURED|/path/to/|<[A-Z_ ]+>")
KINDS = {"ssd", "faster_rcnn", "center_net"}


def check(pipeline: Any, text: str) -> None:
    """Raises `EngineError` with the line and the remedy for the first thing that is impossible."""
    kind = pipeline.model.WhichOneof("model")
    if kind not in KINDS:
        raise refused(
            f"{line_of(text, kind)} describes a model of the kind {kind!r}, which this engine does not train; "
            "choose an SSD, Faster R-CNN or CenterNet."
        )
    model = getattr(pipeline.model, kind)
    check_extractor(model.feature_extractor.type, text)
    check_resizer(model.image_resizer, model.feature_extractor.type, text)
    if model.num_classes < 1:
        raise refused(f"{line_of(text, 'num_classes')} asks for {model.num_classes} classes; a detector needs one.")
    if model.num_classes > MOST_CLASSES:
        line = line_of(text, "num_classes")
        raise refused(f"{line} asks for {model.num_classes:,} classes; {MOST_CLASSES:,} are the most.")
    if pipeline.train_config.batch_size > 4096:
        raise refused(f"{line_of(text, 'batch_size')} asks for a batch of {pipeline.train_config.batch_size} images.")


def check_extractor(name: str, text: str) -> None:
    known = OF_TENSORFLOW_1 | OF_TENSORFLOW_2
    if name in known:
        return
    near = difflib.get_close_matches(name, known, 1)
    remedy = f"did you mean {near[0]!r}?" if near else "choose a config of a network that exists."
    line = line_of(text, re.escape(name) or "feature_extractor")
    raise refused(f"{line} names the feature extractor {name!r}, which the library does not have; {remedy}")


def check_resizer(resizer: Any, extractor: str, text: str) -> None:
    for field, value in sides(resizer):
        if not SIDES[0] <= value <= SIDES[1]:
            line, (low, high) = line_of_value(text, field, value), SIDES
            raise refused(f"{line} sets {field} of the input to {value} pixels; it must be from {low} to {high}.")
    if resizer.WhichOneof("image_resizer_oneof") == "keep_aspect_ratio_resizer":
        keep = resizer.keep_aspect_ratio_resizer
        if keep.min_dimension > keep.max_dimension:
            raise refused(
                f"{line_of(text, 'min_dimension')} sets min_dimension {keep.min_dimension} above max_dimension "
                f"{keep.max_dimension}; exchange them."
            )
    check_stride(resizer, extractor, text)


def check_stride(resizer: Any, extractor: str, text: str) -> None:
    """A feature pyramid doubles its levels back; an input that does not halve evenly has no way back."""
    chosen = preset_with(extractor)
    if chosen is None or resizer.WhichOneof("image_resizer_oneof") != "fixed_shape_resizer":
        return
    least = chosen.input_sizes[0]
    for field, value in sides(resizer):
        if value < least and least > SMALL:
            line = line_of_value(text, field, value)
            raise refused(f"{line} sets {field} of the input to {value} pixels; {chosen.title} needs {least} at least.")
        if value % chosen.input_stride:
            fitting = max(1, round(value / chosen.input_stride)) * chosen.input_stride
            line = line_of_value(text, field, value)
            raise refused(
                f"{line} sets {field} of the input to {value} pixels; "
                f"{chosen.title} needs a multiple of {chosen.input_stride}, for example {fitting}."
            )


def sides(resizer: Any) -> list[tuple[str, int]]:
    """The sizes of whichever resizer is set, by name; the API's defaults count for what is not written."""
    kind = resizer.WhichOneof("image_resizer_oneof")
    names = {
        "fixed_shape_resizer": ("height", "width"),
        "keep_aspect_ratio_resizer": ("min_dimension", "max_dimension"),
    }.get(kind, ())
    return [(name, getattr(getattr(resizer, kind), name)) for name in names]


def line_of_value(text: str, field: str, value: int) -> str:
    return line_of(text, rf"\b{field}\s*:\s*{value}\b")
