"""The work of a search: collect, compare, doubt, and write the queue."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from django.db import transaction

from datasets.labels import box_as_json
from datasets.models import Box, Image, LabelClass
from detections.metrics.doubts import Doubt, Thresholds, find_doubts
from detections.metrics.table import Table
from detections.mistake_models import MistakeSearch, Suspicion
from detections.mistakes.collecting import Row, Step, compare, labelled_images, numbers_of, predict, trained_on
from detections.tables import keep_table
from sw_site.lib.errors import UserError

ROWS_AT_ONCE = 500


def search_with_model(search: MistakeSearch, step: Step) -> dict[str, Any]:
    """Images the model did not learn from. Raises UserError when there is none, or none that can be read."""
    model = search.model
    if model is None:
        raise UserError("model_gone", "The model of this search is gone. Start another search.")
    images, seen = labelled_images(search.dataset), trained_on(model)
    unseen = [image for image in images if image.sha256 not in seen]
    if not unseen:
        raise UserError(
            "all_trained_on",
            f"“{model}” was trained on every labelled image of {search.dataset.name}, so it would only repeat their "
            "labels. Search by folds instead: that trains models that have not seen the images they judge.",
        )
    predictions, problems, stored = predict(model, unseen, numbers_of(model, search.dataset), step)
    summary = {
        "trained_on": len(images) - len(unseen),
        "stored": stored,
        "problems": [problem.as_json() for problem in problems],
    }
    return write(search, unseen, predictions, summary)


def write(
    search: MistakeSearch, images: list[Image], predictions: dict[int, list[Row]], summary: dict[str, Any]
) -> dict[str, Any]:
    """Compare and write the queue; what an earlier attempt wrote is replaced. Gives the summary."""
    table, boxes = compare(images, predictions)
    if not len(table.image_ids):
        raise UserError("no_image_decodes", "None of the images could be read. Check the site's storage.")
    doubts, limits = find_doubts(table)
    rows = suspicions(search, table, boxes, doubts)
    summary = summary | described(table, limits, rows)
    with transaction.atomic():
        search.suspicions.all().delete()
        Suspicion.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
        search.summary, search.boxes_file = summary, keep_table(table)
        search.save(update_fields=["summary", "boxes_file"])
    return summary


def described(table: Table, limits: Thresholds, rows: list[Suspicion]) -> dict[str, Any]:
    """The part of a search's summary that the comparison gives."""
    return {
        "images": len(table.image_ids),
        "labels": table.objects,
        "predictions": len(table),
        "high": limits.high,
        "low": limits.low,
        "kinds": dict(Counter(str(row.kind) for row in rows)),
    }


def suspicions(search: MistakeSearch, table: Table, boxes: list[Box], doubts: list[Doubt]) -> list[Suspicion]:
    classes = {row.number: row for row in LabelClass.objects.filter(dataset=search.dataset)}
    rows = []
    for rank, doubt in enumerate(doubts, start=1):
        label = boxes[doubt.truth] if doubt.truth >= 0 else None
        proposal = proposed(table, doubt.box, classes) if doubt.box >= 0 else None
        rows.append(
            Suspicion(
                search=search,
                image_id=int(table.image_ids[doubt.image]),
                rank=rank,
                kind=doubt.kind,
                doubt=doubt.doubt,
                score=doubt.score,
                label_class=label.label_class if label else classes[int(table.classes[doubt.box])],
                box_id=uuid.UUID(str(label.pk)) if label else None,
                was=box_as_json(label) if label else None,
                proposal=proposal,
            )
        )
    return rows


def proposed(table: Table, box: int, classes: dict[int, LabelClass]) -> dict[str, Any]:
    """The model's box, as `Suspicion.proposal` has it."""
    edges = dict(zip(("x1", "y1", "x2", "y2"), (round(edge, 2) for edge in table.boxes[box].tolist()), strict=True))
    row = classes[int(table.classes[box])]
    return {"class_id": row.pk, "class": row.name, "score": round(float(table.scores[box]), 4), **edges}
