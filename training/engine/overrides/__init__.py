"""Single settings of a pipeline.config that a person has changed, over what the engine derives for the run.

An override is a path and a value as protobuf text: `model.ssd.post_processing.batch_non_max_suppression.iou_threshold`
and `0.5`; an empty value takes the setting away. Kept by path and not as a whole text, they hold for another version,
batch or length as well: what follows from those is derived anew. Needs the library's protos (`compat`), not TensorFlow.
"""

from __future__ import annotations

from training.engine.overrides.applying import apply
from training.engine.overrides.difference import difference, settings_of

__all__ = ["apply", "difference", "settings_of"]
