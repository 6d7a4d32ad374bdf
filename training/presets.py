"""What a run may be set to, what it is set to when nobody says otherwise, and how long that will take."""

from __future__ import annotations

import os

from sw_site.lib.errors import UserError
from training.engine.architectures.preset import Preset
from training.engine.architectures.presets import CUSTOM, DEFAULT, PRESETS
from training.engine.recipe import evaluate_every, warmup_steps

__all__ = ["evaluate_every", "warmup_steps"]  # the engine's own rules hold for runs of the site too

ARCHITECTURE = DEFAULT
DEPTH_MULTIPLIERS = (0.35, 0.5, 0.75, 1.0, 1.4)
INPUT_SIZES = (160, 224, 256, 320, 512, 640)
AUGMENTATIONS = {
    "default": "Crops, brightness, contrast, saturation",
    "flip": "Mirroring only",
    "none": "None",
}
#: What may stay as the start has it for the first fifth of a run.
FREEZES = {
    "backbone": "The backbone",
    "backbone_and_pyramid": "Backbone and pyramid",
    "all_but_heads": "All but the heads",
}
MIN_STEPS, MAX_STEPS = 1, 200_000
MIN_BATCH, MAX_BATCH = 1, 128
MAX_PATIENCE = 1000
GRADIENT_CLIP = 10.0

FAMILIES = {"ssd": "Single shot", "faster_rcnn": "Two stages", "centernet": "Centre points"}
FAMILIES_OF_2017 = "TensorFlow 1, as in the tutorials of 2017"

DEFAULT_DEPTH_MULTIPLIER = 0.35
DEFAULT_INPUT_SIZE = 320
DEFAULT_BATCH_SIZE = 8

#: Passes over the training images. 2,000 steps of 8 over 172 photographs (93 passes) reached AP50 0.98.
PASSES = 90

#: Seconds of one step (depth 0.35, 320 px, batch 8) on two processor cores without a GPU, as measured.
STEP_SECONDS, STEP_CORES = 0.17, 2
#: How much dearer a step is at other depths; the feature pyramid and the head cost the same at every depth.
DEPTH_COST = {0.35: 1.0, 0.5: 1.1, 0.75: 1.4, 1.0: 1.8, 1.4: 2.6}
#: Work of an image at 320 px beside the default network's, from three steps of each on two cores; others by their size.
ARCHITECTURE_COST = {
    "ssd_mobilenet_v2_keras": 1.0, "ssd_mobilenet_v1_keras": 1.0, "ssd_mobilenet_v1_fpn_keras": 4.5,
    "ssd_resnet50_v1_fpn_keras": 14, "ssd_resnet101_v1_fpn_keras": 20, "ssd_resnet152_v1_fpn_keras": 26,
    "efficientdet_d0": 3.7, "efficientdet_d1": 5, "efficientdet_d2": 7, "efficientdet_d3": 11, "efficientdet_d4": 18,
    "efficientdet_d5": 28, "efficientdet_d6": 40, "efficientdet_d7": 40,
    "centernet_mobilenet_v2_fpn": 2.8, "centernet_hourglass104": 60,
    "ssd_inception_v2": 2, "ssd_mobilenet_v1": 1, "ssd_mobilenet_v2": 1,
}  # fmt: skip
LARGE_NETWORK_COST = 12.0
START_SECONDS = 75
EVALUATION_SECONDS_PER_IMAGE = 0.05


def default_steps(train_images: int, batch_size: int) -> int:
    """Enough passes for small sets within minutes on a CPU (1,500 to 2,000), 20,000 steps at most."""
    steps = min(max(PASSES * train_images / batch_size, 1500), 20_000)
    return -int(-steps // 50) * 50


def preset_of(architecture: str) -> Preset:
    """What is known about a detector; UserError when there is none of that name."""
    if architecture not in PRESETS:
        raise UserError(
            "bad_setting", f"The architecture is {architecture}; it must be one of {', '.join(PRESETS)}.", 422
        )
    return PRESETS[architecture]


def architecture_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """(group, [(name, title)]) for a form: the recommended one stands first, those of TensorFlow 1 last."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, one in PRESETS.items():
        group = FAMILIES_OF_2017 if one.path == "tf1" else FAMILIES[one.family]
        groups.setdefault(group, []).append((name, one.title))
    return list(groups.items())


def thaw_step(steps: int) -> int:
    """When everything is trained of a run that keeps parts of its start at first: after a fifth of it."""
    return max(1, steps // 5)


def log_every(steps: int) -> int:
    """Every tenth step; short runs still draw a curve of twenty points."""
    return max(1, min(10, steps // 20))


def step_cost(architecture: str, depth_multiplier: float, input_size: int, batch_size: int) -> float:
    """Work of one step, as a multiple of the default network of depth 0.35 at 320 px with a batch of 8."""
    if architecture == CUSTOM:
        return LARGE_NETWORK_COST * batch_size / 8
    network = 1.0 if architecture == ARCHITECTURE else ARCHITECTURE_COST.get(architecture, LARGE_NETWORK_COST)
    width = DEPTH_COST.get(depth_multiplier, 1.0) if PRESETS[architecture].depth_multipliers else 1.0
    return network * width * (input_size / 320) ** 2 * batch_size / 8


def typical_steps_per_second(cost: float) -> float:
    """What this machine's processor should manage; a guess until a run has been measured here."""
    cores = os.cpu_count() or STEP_CORES
    return max(1.0, cores / STEP_CORES) / (STEP_SECONDS * cost)
