"""Two people on one photo: nothing is lost, and in the end both see the same."""

from __future__ import annotations

import random
import uuid

import pytest

from datasets.models import Box
from datasets.operations import Batch, Conflict, Operation, apply_batch
from datasets.saving import BoxValues
from tests.datasets.edits import box_of, values_of
from tests.factories import make_dataset, make_image, make_user

pytestmark = pytest.mark.django_db


class Screen:
    """An editor as the browser has it: what the server said last, what is on the screen, and what was done to it."""

    def __init__(self, image, rng):
        self.image, self.rng, self.known, self.shown, self.revision = image, rng, {}, {}, 0
        self.user, self.undo = make_user(f"editor{rng.random()}"), []

    def edit(self):
        before = dict(self.shown)
        action = self.rng.choice(["add", "add", "move", "relabel", "delete", "undo"])
        pk = self.rng.choice(list(self.shown)) if self.shown else None
        if action == "add" or pk is None:
            new = box_of(self.image, x1=self.rng.randint(0, 90), x2=self.rng.randint(100, 190))
            self.shown[new.id] = new
        elif action in ("move", "relabel"):
            classes = list(self.image.dataset.classes.values_list("pk", flat=True))
            change = {"x1": self.rng.randint(0, 90)} if action == "move" else {"class_id": self.rng.choice(classes)}
            self.shown[pk] = BoxValues(**{**vars(self.shown[pk]), **change})
        elif action == "delete":
            del self.shown[pk]
        elif self.undo:
            self.shown = dict(self.undo.pop())
        self.undo.append(before)

    def save(self):
        ids = [pk for pk in {**self.known, **self.shown} if self.known.get(pk) != self.shown.get(pk)]
        operations = [Operation(pk, self.shown.get(pk), self.known.get(pk)) for pk in ids]
        try:
            saved = apply_batch(self.image, Batch(uuid.uuid4(), self.revision, operations), self.user)
        except Conflict as conflict:
            self.fold(conflict.boxes, conflict.image.revision, {one.id for one in conflict.operations})
            return self.save()
        self.known = dict(self.shown)
        if saved.boxes is not None:
            self.fold(Box.objects.filter(image=self.image), saved.image.revision, set())
        self.revision = saved.image.revision
        return [(one.id, one.box) for one in operations]

    def fold(self, boxes, revision, theirs):
        """Take over what others did; of a box that both changed, what they made of it."""
        rows = {box.pk: values_of(box) for box in boxes}
        for pk in {**self.known, **rows}:
            if self.known.get(pk) == self.shown.get(pk) or pk in theirs:
                self.shown.pop(pk, None)
                self.shown |= {pk: rows[pk]} if pk in rows else {}
        self.known, self.revision = rows, revision
        self.undo = []


@pytest.mark.parametrize("seed", range(3))
def test_two_editors_on_one_image_lose_nothing_and_agree_at_the_end(on_both, seed):
    def story():
        rng = random.Random(seed)
        image = make_image(make_dataset(classes=("cat", "dog")))
        screens = [Screen(image, random.Random(seed + n)) for n in (1, 2)]
        told: dict[uuid.UUID, BoxValues | None] = {}
        for _ in range(120):
            screen = rng.choice(screens)
            for _ in range(rng.randint(1, 3)):
                screen.edit()
            told |= dict(screen.save() if rng.random() < 0.7 else [])
        for screen in [*screens, *screens]:
            told |= dict(screen.save())
        rows = {box.pk: values_of(box) for box in Box.objects.filter(image=image)}
        assert screens[0].shown == screens[1].shown == rows
        assert {pk: values for pk, values in told.items() if values} == rows
        return len(rows) > 0

    assert on_both(story)
