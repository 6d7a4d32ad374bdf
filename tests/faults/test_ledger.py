"""The check of the fault harness sees what it should."""

from __future__ import annotations

import json
import uuid

import pytest

from datasets.models import Box, Image
from tests.factories import make_box, make_image, make_run
from tests.faults.day import starts_of
from tests.faults.ledger import Ledger

pytestmark = pytest.mark.django_db


@pytest.fixture
def box() -> Box:
    return make_box()


@pytest.fixture
def ledger(box) -> Ledger:
    """The box was acknowledged as it is, by a save that is kept."""
    ledger, batch = Ledger(), str(uuid.uuid4())
    box.image.revisions.create(number=1, boxes=[], batch=batch)
    values = {"class_id": box.label_class_id, "x1": box.x1, "y1": box.y1, "x2": box.x2, "y2": box.y2}
    ledger.edit(box.image_id, str(box.pk), values, batch)
    return ledger


def test_all_is_well(ledger, box):
    assert ledger.losses() == [] and ledger.strangers([box.image_id]) == []


def test_boxes_that_are_gone_altered_or_back_again(ledger, box):
    Box.objects.filter(pk=box.pk).update(x1=11)
    assert "was acknowledged as" in ledger.losses()[0]
    Box.objects.all().delete()
    assert "it is gone" in ledger.losses()[0]
    back = make_box(box.image)
    ledger.boxes = {str(back.pk): (box.image_id, None)}
    assert "it was deleted and is there" in ledger.losses()[0]


def test_saves_that_are_not_there_and_boxes_of_nobody(ledger, box):
    box.image.revisions.all().delete()
    assert ledger.losses()[0].endswith("is there 0 times")
    stranger = make_box(box.image)
    assert ledger.strangers([box.image_id]) == [f"box {stranger.pk} came from nowhere"]


def test_a_save_on_its_way_may_be_either(ledger, box):
    ledger.begin(str(box.pk), None)
    Box.objects.all().delete()
    assert ledger.losses() == []


def test_photos(ledger):
    image: Image = make_image()
    ledger.photo(image.sha256)
    assert ledger.lost_photos(image.dataset_id) == []
    image.delete()
    assert ledger.lost_photos(image.dataset_id) == [f"photo {image.sha256[:12]} is there 0 times"]


@pytest.mark.parametrize(("start", "wrong"), [(20, False), (0, True)])
def test_a_training_that_began_anew_though_it_had_a_checkpoint(start, wrong):
    run = make_run()
    run.directory.mkdir(parents=True)
    said = [("eval", {"step": 20}), ("state", {"message": f"Training from step {start} of 60."})]
    lines = [json.dumps({"type": kind, **values}) + "\n" for kind, values in said]
    (run.directory / "events.jsonl").write_text("".join(lines))
    again, sentences = starts_of(run)
    assert bool(sentences) is wrong and again == (0 if wrong else 1)
