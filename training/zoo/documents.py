"""A card of the zoo as JSON, for the command line and the API."""

from __future__ import annotations

from typing import Any

from training.zoo.cards import Card


def document(card: Card) -> dict[str, Any]:
    """The JSON of docs/cli.md; see also the API."""
    return {
        "name": card.name,
        "title": card.title,
        "architecture": card.architecture,
        "input_size": card.input_size,
        "speed_ms": card.model.speed_ms if card.model else None,
        "coco_map": card.model.coco_map if card.model else None,
        "bytes": card.bytes or None,
        "sha256": card.archive.sha256 if card.archive else (card.model.sha256 or None if card.model else None),
        "here": card.archive is not None,
        "fit": card.fit.level if card.fit else None,
        "fit_words": card.fit.words if card.fit else None,
    }
