"""The protocol that saves labels, as a reader: a body goes in by the API, what the photo then has comes out."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

BOX = "00000000-0000-4000-8000-00000000000{}"
#: Ids of the one photo and class of the fuzzer's own database, which is new and empty before.
IMAGE, CLASS = 1, 1


def values(left: float, **more: Any) -> dict[str, Any]:
    return {"class_id": CLASS, "x1": left, "y1": 10.0, "x2": left + 50, "y2": 90.5, **more}


def bodies() -> list[bytes]:
    """Saves as the editor sends them: one new box, one moved, one deleted, flags alone, several together."""
    new = {"id": BOX.format(5), "box": values(30), "was": None}
    moved = {"id": BOX.format(1), "box": values(12, difficult=True), "was": values(10)}
    gone = {"id": BOX.format(2), "box": None, "was": values(100)}
    head = {"batch": BOX.format(9), "base_revision": 1}
    wanted = [
        {**head, "operations": [new]},
        {**head, "operations": [moved]},
        {**head, "operations": [gone]},
        {**head, "operations": [], "verified": True},
        {**head, "operations": [new, moved, gone], "negative": False},
    ]
    return [json.dumps(body).encode() for body in wanted]


def save(data: bytes, folder: Path) -> list[str]:
    """Codes of nothing: a save is done or refused. What it has done is taken back, so every input meets the same."""
    from django.db import transaction

    from tests.fuzz.readers import Refused

    client, image = site()
    with transaction.atomic():
        answer = client.post(f"/api/v1/datasets/images/{IMAGE}/operations", data, content_type="application/json")
        assert answer.status_code < 500, answer.content[:2000]
        before = check_photo(image)
        if answer.status_code == 200:
            assert answer.json()["revision"] >= 1
        transaction.set_rollback(True)
    if answer.status_code != 200:
        error = answer.json().get("error") or {"code": "conflict", "message": "Somebody else changed these boxes."}
        assert answer.status_code in (400, 404, 409, 413, 422), answer.status_code
        assert before == 3 or answer.status_code == 409, "a refused save has changed the photo"
        raise Refused(error["code"], error["message"])
    return []


def check_photo(image: Any) -> int:
    """How many boxes it has; all of them are numbers on the photo."""
    boxes = list(image.boxes.all())
    for box in boxes:
        assert all(map(math.isfinite, (box.x1, box.y1, box.x2, box.y2))), box
        assert 0 <= box.x1 < box.x2 <= image.width and 0 <= box.y1 < box.y2 <= image.height, box
    return len(boxes)


@cache
def site() -> tuple[Any, Any]:
    """A browser signed in, and a photo with three boxes, in a database in memory."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections
    from django.test import Client

    from tests.factories import make_box, make_dataset, make_image, make_user

    settings.ALLOWED_HOSTS.append("testserver")
    connections["default"].settings_dict["NAME"] = ":memory:"
    call_command("migrate", verbosity=0)
    user = make_user("fuzzer")
    dataset = make_dataset(classes=("bb8", "r2"), created_by=user)
    image = make_image(dataset)
    for number, left in ((1, 10), (2, 100), (3, 200)):
        make_box(image, id=BOX.format(number), **{k: v for k, v in values(left).items() if k != "class_id"})
    type(image).objects.filter(pk=image.pk).update(revision=1)
    client = Client(raise_request_exception=True)
    client.force_login(user)
    assert (image.pk, dataset.classes.order_by("pk").first().pk) == (IMAGE, CLASS)
    return client, image
