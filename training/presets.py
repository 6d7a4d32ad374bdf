"""What a run may be set to, what it is set to when nobody says otherwise, and how long that will take."""

from __future__ import annotations

import os

ARCHITECTURE = "ssd_mobilenet_v2_fpn_keras"
DEPTH_MULTIPLIERS = (0.35, 0.5, 0.75, 1.0, 1.4)
INPUT_SIZES = (160, 224, 256, 320, 512, 640)
AUGMENTATIONS = {
    "default": "Crops, brightness, contrast, saturation",
    "flip": "Mirroring only",
    "none": "None",
}
MIN_STEPS, MAX_STEPS = 1, 200_000
MIN_BATCH, MAX_BATCH = 1, 128
GRADIENT_CLIP = 10.0

DEFAULT_DEPTH_MULTIPLIER = 0.35
DEFAULT_INPUT_SIZE = 320
DEFAULT_BATCH_SIZE = 8

#: Passes over the training images. 2,000 steps of 8 over 172 photographs (93 passes) reached AP50 0.98.
PASSES = 90

#: Seconds of one step (depth 0.35, 320 px, batch 8) on two processor cores without a GPU, as measured.
STEP_SECONDS, STEP_CORES = 0.17, 2
#: How much dearer a step is at other depths; the feature pyramid and the head cost the same at every depth.
DEPTH_COST = {0.35: 1.0, 0.5: 1.1, 0.75: 1.4, 1.0: 1.8, 1.4: 2.6}
START_SECONDS = 75
EVALUATION_SECONDS_PER_IMAGE = 0.05


def default_steps(train_images: int, batch_size: int) -> int:
    """Enough passes for small sets within minutes on a CPU (1,500 to 2,000), 20,000 steps at most."""
    steps = min(max(PASSES * train_images / batch_size, 1500), 20_000)
    return -int(-steps // 50) * 50


def default_learning_rate(batch_size: int) -> float:
    """0.02 at a batch of 8, in proportion for others (the linear scaling rule)."""
    return round(0.02 * batch_size / 8, 6)


def evaluate_every(steps: int) -> int:
    """About ten evaluations a run, none closer than 50 steps, one at the end at least."""
    return min(steps, max(50, steps // 10))


def warmup_steps(steps: int) -> int:
    return steps // 20


def log_every(steps: int) -> int:
    """Every tenth step; short runs still draw a curve of twenty points."""
    return max(1, min(10, steps // 20))


def step_cost(depth_multiplier: float, input_size: int, batch_size: int) -> float:
    """Work of one step, as a multiple of depth 0.35 at 320 px with a batch of 8."""
    return DEPTH_COST.get(depth_multiplier, 1.0) * (input_size / 320) ** 2 * batch_size / 8


def typical_steps_per_second(cost: float) -> float:
    """What this machine's processor should manage; a guess until a run has been measured here."""
    cores = os.cpu_count() or STEP_CORES
    return max(1.0, cores / STEP_CORES) / (STEP_SECONDS * cost)
