"""How fast the moving averages of batch normalisation follow in Faster R-CNN, where code and not the config says it.

Its networks keep 0.9997 or 0.997 of the averages at each step: made for hundreds of thousands of steps. Detection uses
the averages, so after a short run from nothing it would still see little but their starting values.
Needs `compat.apply("tf1")` first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from nets import resnet_utils
from object_detection.models import faster_rcnn_inception_v2_feature_extractor as inception

from training.engine.architectures.parts import batch_norm_decay

#: Module, the function in it that sets the networks' batch normalisation, and the published decay.
PLACES: tuple[tuple[Any, str, float], ...] = (
    (inception, "_batch_norm_arg_scope", 0.9997),
    (resnet_utils, "resnet_arg_scope", 0.997),
)


@contextmanager
def averages_over(steps: int) -> Iterator[None]:
    """While it lasts, networks are built whose moving averages span a twentieth of a run of so many steps."""
    with ExitStack() as restored:
        for module, name, published in PLACES:
            scope = getattr(module, name)
            restored.callback(setattr, module, name, scope)
            setattr(module, name, partial(scope, batch_norm_decay=batch_norm_decay(steps, published)))
        yield
