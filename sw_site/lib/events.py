"""What happens on the site, told to whoever listens, once it is committed."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.dispatch import Signal

#: Sent with `event` (one of EVENTS), `dataset_id` and `facts` (JSON).
happened = Signal()
EVENTS = {
    "image.uploaded": "Images came into a dataset",
    "review.finished": "An image was approved or returned",
    "run.finished": "A run ended, well or not",
    "model.promoted": "An alias like production points at another model",
}


def announce(event: str, dataset_id: int, **facts: Any) -> None:
    """Tell it after the current transaction; a listener that fails spoils nothing."""
    transaction.on_commit(lambda: happened.send_robust(None, event=event, dataset_id=dataset_id, facts=facts))
