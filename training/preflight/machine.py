"""Has the machine what the run will need: the engine, room on the disk, memory for the input?"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psutil
from django.conf import settings

from training import presets
from training.preflight.finding import BLOCK, WARN, Finding, Subject
from training.words import size

MEBIBYTE = 1024 * 1024
JPEG_BYTES_PER_PIXEL = 0.3
#: Kept free for exports, logs, and everything else the site writes while a run goes on.
RESERVE_BYTES = 200 * MEBIBYTE
#: Checkpoints a run keeps at a time: those to go on from, and the best.
CHECKPOINTS = 4
CHECKPOINT_BYTES = 10 * MEBIBYTE  # of the smallest network with its optimizer
#: What TensorFlow and the smallest network take, and what the shuffle buffer may hold besides.
ENGINE_BYTES, SHUFFLE_BYTES = 900 * MEBIBYTE, 512 * MEBIBYTE
ENGINE_MODULES = ("tensorflow", "object_detection")


def check(subject: Subject) -> Iterator[Finding]:
    missing = [name for name in ENGINE_MODULES if find_spec(name) is None]
    if missing:
        yield Finding(
            BLOCK,
            "engine_missing",
            f"{' and '.join(missing)} cannot be found on this server, so nothing can be trained here. "
            "Whoever runs it should call make setup, then manage.py engine_check.",
        )
    yield from check_disk(subject)
    yield from check_memory(subject)


def check_disk(subject: Subject) -> Iterator[Finding]:
    """Records are about the images' own bytes (estimated from pixels), checkpoints grow with the network."""
    needed = int(RESERVE_BYTES + checkpoint_bytes(subject) + 1.5 * image_bytes(subject))
    root = Path(settings.RUNS_ROOT)
    free = shutil.disk_usage(next(path for path in (root, *root.parents) if path.exists())).free
    if free < needed:
        yield Finding(
            BLOCK,
            "disk_full",
            f"The run needs about {size(needed)} on the server's disk and {size(free)} are free. "
            "Free some space, then start it.",
        )


def checkpoint_bytes(subject: Subject) -> float:
    config = subject.config
    if config.is_custom:
        return CHECKPOINTS * CHECKPOINT_BYTES * presets.LARGE_NETWORK_COST
    network = presets.ARCHITECTURE_COST.get(config.architecture, presets.LARGE_NETWORK_COST)
    network = 1.0 if config.architecture == presets.ARCHITECTURE else network
    return CHECKPOINTS * CHECKPOINT_BYTES * network * presets.DEPTH_COST.get(config.depth_multiplier, 1.0) ** 2


def image_bytes(subject: Subject) -> float:
    return JPEG_BYTES_PER_PIXEL * sum(width * height for width, height in subject.manifest.columns("width", "height"))


def check_memory(subject: Subject) -> Iterator[Finding]:
    needed = ENGINE_BYTES + min(SHUFFLE_BYTES, image_bytes(subject))
    free = psutil.virtual_memory().available
    if free < needed:
        yield Finding(
            WARN,
            "memory_short",
            f"Training takes {size(int(needed))} of memory at least and {size(free)} are free now. "
            "End other programs before its turn comes, or the system may kill it.",
        )
