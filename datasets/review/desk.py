"""What the editor page gets of the review desk: notes, the queue one came from, where its buttons go."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from datasets.models import CheckAnswer, Image, Lease, Work
from datasets.review.verdicts import note_as_json, notes_of, recent_reasons


def desk_context(request: HttpRequest, image: Image, answer: CheckAnswer | None) -> dict[str, Any]:
    """`desk` for the template, and `desk_data` for js/review. A check shows no notes: they are about its trusted boxes.

    `?queue=label` and `?queue=review` come from the queue; `?review=1` reviews without one.
    """
    work = request.GET.get("queue", "")
    work = work if work in Work.values else ""
    review = work == Work.REVIEW or request.GET.get("review") == "1"
    notes = [] if answer else notes_of(image)
    lease = Lease.objects.filter(image=image).first() if work else None
    user: Any = request.user
    address = {
        name: reverse(f"api-1:{name}", args=[image.pk]) for name in ("image_verdict", "image_notes", "image_lease")
    }
    return {
        "desk": {
            "work": work,
            "review": review,
            "lost": bool(work and not answer and (lease is None or lease.user_id != user.pk)),
            "has_notes": bool(notes),
            "reasons": recent_reasons(user) if review else [],
        },
        "desk_data": {
            "image": image.pk,
            "work": work,
            "review": review,
            "notes": [note_as_json(note) for note in notes],
            "verdict_url": address["image_verdict"],
            "notes_url": address["image_notes"],
            "lease_url": address["image_lease"],
            "queue_url": reverse("api-1:queue_next", args=[image.dataset.slug]),
            "desk_url": reverse("datasets:review-desk", args=[image.dataset.slug]),
        },
    }
