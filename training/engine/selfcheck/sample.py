"""A run directory with a few drawn pictures: the least a training goes through everything with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from training.engine.rundir import RunDirectory, write_json

SPLITS = ("train", "train", "train", "val")
STEPS = 2
REQUEST: dict[str, Any] = {
    "format": 1,
    "name": "engine check",
    "model": {"architecture": "ssd_mobilenet_v2_fpn_keras", "depth_multiplier": 0.1, "input_size": 96},
    "train": {"steps": STEPS, "batch_size": 2, "evaluate_every": STEPS, "checkpoint_every": STEPS, "log_every": 1},
}
BOX = {"xmin": 30.0, "ymin": 20.0, "xmax": 90.0, "ymax": 80.0}


def make(folder: Path) -> RunDirectory:
    """Writes run.json, dataset.json and the pictures into `folder`."""
    run = RunDirectory(folder)
    images = [picture(folder / f"{number}.jpg", number, split) for number, split in enumerate(SPLITS, 1)]
    write_json(run.request, REQUEST)
    write_json(run.dataset, {"classes": [{"id": 1, "name": "disc"}], "images": images})
    return run


def picture(path: Path, number: int, split: str) -> dict[str, Any]:
    """A red disc on noise, not square, and its row of dataset.json."""
    size = (140 + 10 * number, 120)
    noise = np.random.default_rng(number).integers(60, 180, (size[1], size[0], 3), np.uint8)
    image = Image.fromarray(noise)
    ImageDraw.Draw(image).ellipse(tuple(BOX.values()), fill=(220, 30, 30))
    image.save(path)
    row = {"id": number, "path": str(path), "file_name": path.name, "width": size[0], "height": size[1]}
    return {**row, "split": split, "boxes": [{"class_id": 1, **BOX}]}
