"""What reviewers said of one image: approved, returned with its note, and notes of their own, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from datasets.models import Image, ReviewEvent, ReviewNote, ReviewState
from datasets.review.transitions import VERDICTS
from datasets.review.verdicts import note_as_json

NOTED = "noted"


@dataclass(frozen=True)
class Review:
    """`said` is the state a verdict gave, or "noted"; `revision` the one that was looked at, where it is known."""

    said: str
    user: Any
    when: datetime
    revision: int | None
    note: ReviewNote | None

    @property
    def word(self) -> str:
        return "Noted" if self.said == NOTED else str(ReviewState(self.said).label)

    def as_json(self) -> dict[str, Any]:
        return {
            "said": self.said,
            "user": str(self.user or ""),
            "when": self.when.isoformat(),
            "revision": self.revision,
            "note": note_as_json(self.note) if self.note else None,
        }


def reviews_of(image: Image) -> list[Review]:
    """In two queries. The note of a return was written at the very time of its event, by the same person."""
    notes = {(note.author_id, note.created_at): note for note in image.review_notes.select_related("author")}
    events = image.review_events.filter(after__in=VERDICTS).select_related("user")
    found = [_verdict(event, notes.pop((event.user_id, event.created_at), None)) for event in events]
    found += [Review(NOTED, note.author, note.created_at, None, note) for note in notes.values()]
    return sorted(found, key=lambda review: review.when, reverse=True)


def _verdict(event: ReviewEvent, note: ReviewNote | None) -> Review:
    return Review(event.after, event.user, event.created_at, event.revision, note)
