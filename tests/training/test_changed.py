"""Settings chosen otherwise than the site would: marked, with what they would be."""

import pytest
from django.urls import reverse

from training.bases import NOTHING
from training.changed import chosen_otherwise
from training.config import TrainingSettings


def rows(version, **chosen):
    settings = TrainingSettings.for_version(version, NOTHING, **chosen)
    return [(one.name, one.value, one.automatic) for one in chosen_otherwise(version, settings, NOTHING)]


def test_what_nobody_changed_is_not_marked(version):
    assert rows(version) == []


@pytest.mark.parametrize(
    ("chosen", "marked"),
    [
        ({"seed": 7}, [("seed", "7", "1")]),
        ({"horizontal_flip": False}, [("horizontal_flip", "no", "yes")]),
        ({"freeze": "backbone"}, [("freeze", "backbone", "nothing")]),
        # What follows from a choice is no choice of its own: the rate goes with the batch, the size with the network.
        ({"batch_size": 4, "steps": 1500}, [("batch_size", "4", "8")]),
        (
            {"architecture": "efficientdet_d0", "steps": 1500},
            [("architecture", "efficientdet_d0", "ssd_mobilenet_v2_fpn_keras")],
        ),
        ({"learning_rate": 0.01}, [("learning_rate", "0.01", "0.02")]),
    ],
)
def test_what_somebody_chose_is_marked_with_what_it_would_be(version, chosen, marked):
    assert rows(version, **chosen) == marked


def test_the_form_shows_it(client, version):
    answers = {"version": version.pk, "horizontal_flip": "on", "seed": "7"}
    part = client.get(reverse("training:run-check"), answers).content.decode()
    assert "1 setting changed by you" in part and "by itself 1" in part
    assert "changed by you" not in client.get(reverse("training:run-check"), {**answers, "seed": ""}).content.decode()
