"""Detectors that others have trained: archives of the model zoo and checkpoints as they lie around.

Plain Python: nothing here imports TensorFlow, so that both ways can use it.
"""

from __future__ import annotations

from training.engine.zoo.start import Start, resolve

__all__ = ["Start", "resolve"]
