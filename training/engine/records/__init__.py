"""TFRecords and the label map, in the form the Object Detection API reads.

Written once a run, one or more files (shards) a split, and listed in records.json, which is written last: without it
there are no records. Needs `compat.apply()` first.
"""

from __future__ import annotations

from training.engine.records.examples import example
from training.engine.records.label_map import label_map_text
from training.engine.records.reading import RecordImage, complete, problem, read_images
from training.engine.records.writing import write_all

__all__ = ["RecordImage", "complete", "example", "label_map_text", "problem", "read_images", "write_all"]
