"""The training loop: the API's own losses, with progress, cancelling, freezing and resuming around them.

Needs `compat.apply()` first.
"""

from training.engine.loop.setup import Setup
from training.engine.loop.training_loop import TrainingLoop

__all__ = ["Setup", "TrainingLoop"]
