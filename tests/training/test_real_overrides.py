"""Settings of pipeline.config changed by hand, really trained: a network of TensorFlow 1, through the command."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from tests.factories import make_version
from training.models import Run

pytestmark = [pytest.mark.training, pytest.mark.django_db]

RATE = 0.00321
#: Another optimizer with one steady rate: the site would write RMSProp on a cosine.
PART = f"""
train_config {{
  optimizer {{ adam_optimizer {{ learning_rate {{ constant_learning_rate {{ learning_rate: {RATE} }} }} }} }}
}}
"""
CLIP = "train_config.gradient_clipping_by_norm"
STEPS = 4


@pytest.fixture
def trained(settings, tmp_path, capsys) -> Run:
    settings.DATA_DIR = tmp_path
    (tmp_path / "part.config").write_text(PART)
    version = make_version(images=8)
    call_command(
        "train", version.dataset.slug, "--architecture", "ssd_inception_v2", "--depth-multiplier", "0.1",
        "--input-size", "96", "--batch-size", "2", "--steps", str(STEPS), "--config-overrides",
        str(tmp_path / "part.config"), "--set", f"{CLIP}=3", "--json",
    )  # fmt: skip
    assert json.loads(capsys.readouterr().out)["steps"] == STEPS
    return Run.objects.get()


def test_a_network_of_tensorflow_1_trains_with_them(trained):
    assert trained.config["overrides"][CLIP] == "3"
    rates = dict(trained.metrics.filter(name="learning_rate").values_list("step", "value"))
    assert rates == {step: pytest.approx(RATE) for step in range(1, STEPS + 1)}
    losses = list(trained.metrics.filter(name="total_loss").values_list("value", flat=True))
    assert len(losses) == STEPS and len(set(losses)) == STEPS
    text = (trained.directory / "pipeline.config").read_text()
    assert "adam_optimizer" in text and "rms_prop_optimizer" not in text and "gradient_clipping_by_norm: 3" in text
    assert trained.model.detector_folder.is_dir()
