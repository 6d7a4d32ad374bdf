"""Tables of an evaluation as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from detections.gallery import Gallery
from detections.instrument import class_rows, tide_rows
from sw_site.lib.spreadsheets import harmless

CSV_FILES = ("classes", "matrix", "errors")
CLASS_COLUMNS = ("name", "objects", "difficult", "ap", "ap50", "ap75", "voc_11", "voc_all", "ece")


def csv_text(gallery: Gallery, name: str) -> str:
    rows = {"classes": classes, "matrix": matrix, "errors": errors}[name](gallery)
    buffer = io.StringIO()
    csv.writer(buffer).writerows([[harmless(value) for value in row] for row in rows])
    return buffer.getvalue()


def classes(gallery: Gallery) -> Iterator[list[Any]]:
    at = [f"{name} at score {gallery.filter.score:g}, IoU {gallery.filter.iou:g}" for name in ("precision", "recall")]
    yield [*CLASS_COLUMNS, "ap_low", "ap_high", "ap50_low", "ap50_high", "best_f1", "best_score", *at, "boxes"]
    for row in class_rows(gallery):
        intervals, best = [row.get("ap_interval") or {}, row["ap50_interval"] or {}], row["best"] or {}
        edges = [each.get(end) for each in intervals for end in ("low", "high")] + [best.get("f1"), best.get("score")]
        yield [
            *(row[name] for name in CLASS_COLUMNS),
            *edges,
            row["point"].precision,
            row["point"].recall,
            row["boxes"],
        ]


def matrix(gallery: Gallery) -> Iterator[list[Any]]:
    names = [*gallery.evaluation.class_names.values(), "background"]
    yield ["true \\ predicted", *names]
    for name, counts in zip(names, gallery.matrix(), strict=True):
        yield [name, *counts]


def errors(gallery: Gallery) -> Iterator[list[Any]]:
    yield ["error", "tide", "ap_gain", "boxes", f"boxes at score {gallery.filter.score:g}"]
    for row in tide_rows(gallery):
        yield [row["word"], row["tide"], row["gain"], row["every"], row["count"]]
