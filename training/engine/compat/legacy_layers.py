"""`tf.layers`, on which every slim layer is built; TensorFlow looks for it where tf_keras does not keep it any more."""

from __future__ import annotations

import sys
from importlib import import_module

PACKAGE = "legacy_tf_layers"
MODULES = ("", ".base", ".convolutional", ".core", ".normalization", ".pooling", ".variable_scope_shim")


def install() -> None:
    for module in MODULES:
        found = import_module(f"tf_keras.src.{PACKAGE}{module}")
        sys.modules.setdefault(f"tf_keras.{PACKAGE}{module}", found)
