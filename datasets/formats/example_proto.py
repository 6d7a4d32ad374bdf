"""tf.train.Example without TensorFlow: the same messages, built from their description.

Source: tensorflow/core/example/example.proto and feature.proto. A pool of its own keeps them apart from TensorFlow's,
should both be loaded in one process.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

FIELD = descriptor_pb2.FieldDescriptorProto


def _field(message: Any, name: str, number: int, kind: int, type_name: str = "", many: bool = False) -> Any:
    field = message.field.add(name=name, number=number, type=kind)
    field.label = FIELD.LABEL_REPEATED if many else FIELD.LABEL_OPTIONAL
    if type_name:
        field.type_name = type_name
    return field


def _build() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="example.proto", package="tensorflow", syntax="proto3")
    for name, kind in (
        ("BytesList", FIELD.TYPE_BYTES),
        ("FloatList", FIELD.TYPE_FLOAT),
        ("Int64List", FIELD.TYPE_INT64),
    ):
        _field(file.message_type.add(name=name), "value", 1, kind, many=True)
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, (name, kind) in enumerate((("bytes", "Bytes"), ("float", "Float"), ("int64", "Int64")), start=1):
        field = _field(feature, f"{name}_list", number, FIELD.TYPE_MESSAGE, f".tensorflow.{kind}List")
        field.oneof_index = 0
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    _field(entry, "key", 1, FIELD.TYPE_STRING)
    _field(entry, "value", 2, FIELD.TYPE_MESSAGE, ".tensorflow.Feature")
    _field(features, "feature", 1, FIELD.TYPE_MESSAGE, ".tensorflow.Features.FeatureEntry", many=True)
    _field(file.message_type.add(name="Example"), "features", 1, FIELD.TYPE_MESSAGE, ".tensorflow.Features")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.Example"))


Example: Any = _build()


def values(example: Any, key: str) -> list[Any]:
    """The values of a feature, whatever their kind; empty when there is none."""
    if key not in example.features.feature:
        return []
    feature = example.features.feature[key]
    kind = feature.WhichOneof("kind")
    return list(getattr(feature, kind).value) if kind else []


def put(example: Any, key: str, found: list[Any]) -> None:
    """Set a feature from texts, bytes, floats or whole numbers; an empty list makes an empty feature."""
    feature = example.features.feature[key]
    first = found[0] if found else None
    if isinstance(first, str | bytes):
        feature.bytes_list.value.extend([v.encode() if isinstance(v, str) else v for v in found])
    elif isinstance(first, float):
        feature.float_list.value.extend(found)
    elif first is not None:
        feature.int64_list.value.extend(map(int, found))
