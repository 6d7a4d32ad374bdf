"""Loads `object_detection.protos.*_pb2`, whose generated code protobuf's fast (upb) implementation refuses.

The files were written by an old protoc and build their descriptors by hand: "TypeError: Descriptors cannot be created
directly". Each still holds the serialized file descriptor, which is all that is needed; it is read out of the source
without running it, and the classes are built the way a new protoc would. The alternative, the pure Python protobuf,
loads an exported SavedModel five times slower.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

PACKAGE = "object_detection.protos"


class ProtobufModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finder and loader of the generated modules under `object_detection.protos`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not (fullname.startswith(PACKAGE + ".") and fullname.endswith("_pb2")):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is None or spec.origin is None:
            return None
        return importlib.util.spec_from_file_location(fullname, spec.origin, loader=self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        from google.protobuf import descriptor_pool
        from google.protobuf.internal import builder

        names = module.__dict__
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        # The descriptor pool accepts a file only after the files it imports.
        for alias, dependency in imported_protos(tree):
            names[alias] = import_module(dependency)
        descriptor = descriptor_pool.Default().AddSerializedFile(serialized_descriptor(tree))
        names["DESCRIPTOR"] = descriptor
        builder.BuildMessageAndEnumDescriptors(descriptor, names)
        builder.BuildTopDescriptorsAndMessages(descriptor, module.__name__, names)


def imported_protos(tree: ast.Module) -> list[tuple[str, str]]:
    """(local name, module) of every generated module that the parsed one imports."""
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == PACKAGE]
    return [(alias.asname or alias.name, f"{PACKAGE}.{alias.name}") for node in imports for alias in node.names]


def serialized_descriptor(tree: ast.Module) -> bytes:
    """The `serialized_pb` argument of the module's `DESCRIPTOR = FileDescriptor(...)`."""
    for node in tree.body:
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
            continue
        target = node.targets[0]
        if isinstance(target, ast.Name) and target.id == "DESCRIPTOR":
            values = [keyword.value for keyword in node.value.keywords if keyword.arg == "serialized_pb"]
            if values:
                return bytes(ast.literal_eval(values[0]))
    raise ImportError("a generated protobuf module without serialized_pb")


def install() -> None:
    sys.meta_path.insert(0, ProtobufModules())
