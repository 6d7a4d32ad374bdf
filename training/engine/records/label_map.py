"""label_map.pbtxt of the Object Detection API."""

from __future__ import annotations

from google.protobuf import text_format
from object_detection.protos import string_int_label_map_pb2


def label_map_text(classes: dict[int, str]) -> str:
    """The label map as text; ids start at 1 because 0 is the background."""
    label_map = string_int_label_map_pb2.StringIntLabelMap()
    for class_id, name in sorted(classes.items()):
        label_map.item.add(id=class_id, name=name)
    return str(text_format.MessageToString(label_map, as_utf8=True))
