"""The desk on the real engine, once from end to end: a few tiny trainings, and what each of them has to show.

A brought pipeline.config is trained through full memory, a loss that is no number and a kill -9. What it learnt becomes
an archive as the zoo publishes them, which is downloaded and trained from, twice with the same seed. The second run is
extended, paused, resumed and told to finish. No person steps in.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import transaction
from django.test import override_settings

from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import run_here
from tests.factories import make_user, make_version
from tests.training.zoo_server import serving
from training import control
from training.actions import settings_like, start_run
from training.bases import NOTHING, Base, base_for
from training.config import TrainingSettings
from training.configs import keep, request_explanation
from training.engine import parent, runner
from training.models import Run
from training.zoo.catalogue import ZOO
from training.zoo.downloads import request_download

pytestmark = [pytest.mark.training, pytest.mark.django_db]

NAME = "ssd_mobilenet_v2_fpnlite_320x320_coco17_tpu-8"
STEPS, EXTRA = 4, 9000
#: Before the first checkpoint, after it, and once more after the run has mended itself twice.
FAULTS = '[[2, "memory"], [52, "nan"], [54, "kill"]]'
CONFIG = """
model { ssd { num_classes: 90
  image_resizer { fixed_shape_resizer { height: 96 width: 96 } }
  feature_extractor { type: "ssd_mobilenet_v2_fpn_keras" depth_multiplier: 0.1 min_depth: 8 use_depthwise: true
    fpn { min_level: 3 max_level: 7 additional_layer_depth: 16 } override_base_feature_extractor_hyperparams: true
    conv_hyperparams { regularizer { l2_regularizer { weight: 4e-5 } } activation: RELU_6
      initializer { truncated_normal_initializer { stddev: 0.03 } } batch_norm { decay: 0.997 epsilon: 0.001 } } }
  box_coder { faster_rcnn_box_coder { y_scale: 10.0 x_scale: 10.0 height_scale: 5.0 width_scale: 5.0 } }
  matcher { argmax_matcher { matched_threshold: 0.5 unmatched_threshold: 0.5 ignore_thresholds: false
    negatives_lower_than_unmatched: true force_match_for_each_row: true use_matmul_gather: true } }
  similarity_calculator { iou_similarity { } }
  box_predictor { weight_shared_convolutional_box_predictor { depth: 16 num_layers_before_predictor: 1 kernel_size: 3
    class_prediction_bias_init: -4.6 share_prediction_tower: true use_depthwise: true
    conv_hyperparams { regularizer { l2_regularizer { weight: 4e-5 } } activation: RELU_6
      initializer { random_normal_initializer { stddev: 0.01 } } batch_norm { decay: 0.997 epsilon: 0.001 } } } }
  anchor_generator { multiscale_anchor_generator { min_level: 3 max_level: 7 anchor_scale: 4.0
    aspect_ratios: 1.0 aspect_ratios: 2.0 aspect_ratios: 0.5 scales_per_octave: 1 } }
  post_processing { batch_non_max_suppression { score_threshold: 1e-8 iou_threshold: 0.6
    max_detections_per_class: 100 max_total_detections: 100 } score_converter: SIGMOID }
  normalize_loss_by_num_matches: true
  loss { localization_loss { weighted_smooth_l1 { } } classification_weight: 1.0 localization_weight: 1.0
    classification_loss { weighted_sigmoid_focal { gamma: 2.0 alpha: 0.25 } } }
  encode_background_as_zeros: true normalize_loc_loss_by_codesize: true inplace_batchnorm_update: true
  freeze_batchnorm: false } }
train_config { batch_size: 128 num_steps: 50000 fine_tune_checkpoint: "PATH_TO_BE_CONFIGURED" use_bfloat16: true
  data_augmentation_options { random_horizontal_flip { } }
  optimizer { momentum_optimizer { learning_rate { cosine_decay_learning_rate { learning_rate_base: 0.08
    total_steps: 50000 warmup_learning_rate: 0.026666 warmup_steps: 1000 } } momentum_optimizer_value: 0.9 } } }
train_input_reader { label_map_path: "PATH_TO_BE_CONFIGURED" tf_record_input_reader { input_path: "D:/x.record" } }
"""


@dataclass(frozen=True)
class Story:
    """The runs in the order they were made, and what their jobs said."""

    brought: Run
    download: Job
    from_zoo: Run
    repeated: Run
    extended: Run
    paused: Run


def start_faulty(run_dir, *arguments, environment=None):
    """`runner.start` with the engine into which faults can be put."""
    command, *options = arguments or ("train",)
    argv = [sys.executable, "-m", "tests.fakes.faulty_engine", command, str(Path(run_dir).resolve()), *options]
    environment = {**runner.os.environ, **(environment or {}), parent.VARIABLE: str(runner.os.getpid())}
    with (Path(run_dir) / "log.txt").open("ab") as log:
        return subprocess.Popen(argv, cwd=runner.ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)


@pytest.fixture(scope="module")
def story(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    places = {name: folder / name for name in ("DATA_DIR", "RUNS_ROOT", "MEDIA_ROOT")}
    with django_db_blocker.unblock(), transaction.atomic(), override_settings(**places):
        yield told()
        transaction.set_rollback(True)


def told() -> Story:
    user, version = make_user("trainer", is_staff=True), make_version(images=8)
    config = keep(CONFIG.encode())
    assert run_here(request_explanation(config, user=user, submit=False)).state == JobState.SUCCEEDED
    brought = train_with_faults(version, config.reference, user)
    with serving({f"/{ZOO[NAME].address}": archive_of(brought.directory)}) as zoo, override_settings(ZOO_URL=zoo.url):
        download = run_here(request_download(NAME, user=user, submit=False))
    base = base_for(f"zoo:{NAME}", user)
    from_zoo = train(version, TrainingSettings.for_version(version, base, steps=STEPS, batch_size=2), user, base)
    repeated = train(version, settings_like(from_zoo), user, control.base_of(from_zoo))
    extended = control.extend_run(repeated, EXTRA, user=user, submit=False)
    paused = paused_and_finished(extended, user)
    return Story(brought, download, from_zoo, repeated, Run.objects.get(pk=extended.pk), paused)


def train(version, settings, user, base: Base = NOTHING, faults: str = "") -> Run:
    run = start_run(version, settings, user=user, base=base, submit=False)
    if faults:
        run.directory.mkdir(parents=True)
        (run.directory / "faults.json").write_text(faults)
    job = run_here(run.job)
    assert job.state == JobState.SUCCEEDED, (job.error, (run.directory / "log.txt").read_text()[-3000:])
    return Run.objects.get(pk=run.pk)


def train_with_faults(version, architecture: str, user) -> Run:
    settings = TrainingSettings.for_version(version, architecture=architecture, steps=60, batch_size=8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "start", start_faulty)
        return train(version, settings, user, faults=FAULTS)


def archive_of(run_dir: Path) -> bytes:
    """What a run has learnt, packed as the zoo packs it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
        archive.add(run_dir / "pipeline.config", f"{NAME}/pipeline.config")
        archive.add(run_dir / "label_map.pbtxt", f"{NAME}/label_map.pbtxt")
        for path in (run_dir / "best").glob("ckpt-*"):
            archive.add(path, f"{NAME}/checkpoint/ckpt-0.{path.name.split('.', 1)[1]}")
    return buffer.getvalue()


def paused_and_finished(run: Run, user) -> Run:
    """Pauses the run once it trains and lets it go on until it is told to finish; gives the run as it was paused."""
    first = run.step
    job = once_it_trains(run, first, lambda: control.pause_run(Run.objects.get(pk=run.pk), user))
    assert job.state == JobState.CANCELLED, job.error
    paused = Run.objects.select_related("job").get(pk=run.pk)  # its job as it is now
    run = control.resume_run(Run.objects.get(pk=run.pk), user)
    job = once_it_trains(run, paused.step, lambda: control.stop_and_keep(Run.objects.get(pk=run.pk), user))
    assert job.state == JobState.SUCCEEDED, job.error
    return paused


def once_it_trains(run: Run, after: int, action) -> Job:
    """Runs the job here; when it has taken a step after `after`, the action is done once."""
    done = []

    def report(fraction, message):
        if not done and Run.objects.get(pk=run.pk).step > after:
            done.append(action())

    job = run_here(run.job, report)
    assert done, (job.error, (run.directory / "log.txt").read_text()[-3000:])
    return job


def points(run: Run) -> dict[tuple[str, int], float]:
    """What was measured of the training itself; speed and machine differ from day to day."""
    names = ("total_loss", "localization_loss", "classification_loss", "learning_rate", "ap", "ap50")
    return {(one.name, one.step): one.value for one in run.metrics.filter(name__in=names)}


def mended(run: Run) -> list[str]:
    return list(run.history.filter(kind="mended").values_list("message", flat=True))


def test_a_brought_config_ends_in_a_model_through_full_memory_no_number_and_a_kill(story):
    run = story.brought
    memory, no_number, killed = mended(run)
    assert "memory was full at step 2: starting again with batches of 4 instead of 8" in memory
    assert "no longer a number at step" in no_number and "from step 50 with a tenth" in no_number
    assert killed.startswith("The training was killed near step 5") and "1 of 3 times" in killed
    assert (run.step, run.model.run) == (60, run)
    assert not run.history.filter(kind="failed").exists()


def test_each_mend_lowers_the_learning_rate_and_loses_few_steps(story):
    rates = {step: value for (name, step), value in points(story.brought).items() if name == "learning_rate"}
    assert max(step for step in rates) == 60
    assert 0 < rates[51] < rates[48] / 10  # on a cosine, whose own fall from step to step is far smaller
    assert {step for name, step in points(story.brought) if name == "ap"} == {50, 60}


def test_an_archive_of_the_zoo_is_downloaded_and_trained_from_to_the_end(story):
    assert story.download.state == JobState.SUCCEEDED
    run = story.from_zoo
    assert run.config["base"]["kind"] == "zoo"
    assert f"Loading the weights of {NAME}.tar.gz." in run.job.log and "Restored" in run.job.log
    assert run.model.step == STEPS and run.model.exports.get().format == "onnx"


def test_the_same_version_settings_and_seed_give_the_same_figures(story):
    first = points(story.from_zoo)
    assert len(first) > 4 * STEPS
    assert points(story.repeated) == first
    assert story.repeated.pk != story.from_zoo.pk


def test_a_paused_run_keeps_what_it_learnt_and_goes_on_from_there(story):
    assert story.paused.is_paused and story.paused.step > STEPS
    steps = sorted(step for name, step in points(story.extended) if name == "total_loss")
    assert steps == list(range(STEPS + 1, story.extended.step + 1))
    assert [line.kind for line in story.extended.history.all()] == ["started", "paused", "resumed", "stopped", "ended"]


def test_an_extended_run_that_is_told_to_finish_ends_in_a_model_of_its_own(story):
    run = story.extended
    assert run.continues == story.repeated and story.repeated.model.step == STEPS
    assert story.paused.step <= run.step < STEPS + EXTRA
    assert run.model != story.repeated.model and run.model.ap is not None
