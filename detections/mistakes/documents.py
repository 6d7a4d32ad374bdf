"""Searches and suspicions as JSON: for the API, the command and downloads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from detections.mistake_models import MistakeSearch, Suspicion
from detections.mistakes.yields import yields


def search_json(search: MistakeSearch, user: Any = None) -> dict[str, Any]:
    """What was looked at, and what the answers came to so far."""
    return {
        "search": search.pk,
        "dataset": search.dataset.name,
        "model": search.model.name if search.model else None,
        "folds": search.folds,
        "state": search.job.state if search.job else "",
        **search.summary,
        "yield": {
            kind or "all": asdict(found) | {"share": found.share} for kind, found in yields(search, user).items()
        },
    }


def suspicion_json(row: Suspicion) -> dict[str, Any]:
    """One line of the list; `label` is null where one is missing, `proposal` where the model sees nothing."""
    edges = ("x1", "y1", "x2", "y2")
    label = None
    if row.was:
        label = {"id": row.was["id"], "class_id": row.was["class_id"], **{name: row.was[name] for name in edges}}
    return {
        "id": row.pk,
        "rank": row.rank,
        "kind": row.kind,
        "doubt": round(row.doubt, 6),
        "score": row.score,
        "image_id": row.image_id,
        "file": row.image.file_name,
        "class": row.label_class.name if row.label_class else None,
        "label": label,
        "proposal": row.proposal,
        "answer": row.answer or None,
    }


def suspicion_list(search: MistakeSearch, user: Any = None) -> list[dict[str, Any]]:
    """What the person may see of it; nobody (the command line) sees all."""
    return many(search.suspicions_for(user).select_related("image", "label_class").order_by("rank"))


def many(rows: Iterable[Suspicion]) -> list[dict[str, Any]]:
    return [suspicion_json(row) for row in rows]
