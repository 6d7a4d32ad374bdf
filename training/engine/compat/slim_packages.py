"""The slim networks import each other as top-level packages (`from nets import inception_v2`); here they are not.

Only the two packages that models and trainers import get such a name. The others (`datasets`, `preprocessing`) serve
slim's own image classification scripts, and `datasets` would hide this project's package.
"""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = ("nets", "deployment")


def install() -> None:
    for name in NAMES:
        sys.modules.setdefault(name, import_module(f"object_detection.{name}"))
