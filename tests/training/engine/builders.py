"""Small run directories for the engine's tests: a few generated photographs that are not square."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

SPLITS = ("train", "train", "train", "train", "val", "val", "test")
CLASSES = [{"id": 1, "name": "Ball"}, {"id": 2, "name": 'Zoë "box"'}]


def make_image(path: Path, size: tuple[int, int], box: tuple[int, int, int, int], class_id: int) -> None:
    """Noise with one red disc (class 1) or blue rectangle (class 2) in the box."""
    width, height = size
    noise = np.random.default_rng(width + class_id).integers(90, 160, (height, width, 3), np.uint8)
    image = Image.fromarray(noise)
    draw = ImageDraw.Draw(image)
    if class_id == 1:
        draw.ellipse(box, fill=(220, 30, 30))
    else:
        draw.rectangle(box, fill=(30, 30, 220))
    image.save(path)


def make_dataset(folder: Path) -> dict[str, Any]:
    """Writes seven images and returns what dataset.json says about them."""
    folder.mkdir(parents=True, exist_ok=True)
    images = []
    for index, split in enumerate(SPLITS):
        class_id = index % 2 + 1
        size, box = (160 + 8 * index, 100 + 4 * index), (20 + index, 10, 80 + index, 70)
        path = folder / f"photo {index}.{'png' if index == 1 else 'jpg'}"
        make_image(path, size, box, class_id)
        edges = dict(zip(("xmin", "ymin", "xmax", "ymax"), map(float, box), strict=True))
        images.append(
            {
                "id": 10 + index,
                "path": str(path),
                "file_name": path.name,
                "width": size[0],
                "height": size[1],
                "split": split,
                "boxes": [{"class_id": class_id, **edges}],
            }
        )
    return {"classes": [dict(item) for item in CLASSES], "images": images}


def make_request(**train: Any) -> dict[str, Any]:
    """The smallest training that goes through everything."""
    settings = {"steps": 4, "batch_size": 2, "evaluate_every": 2, "checkpoint_every": 2, "log_every": 1, **train}
    return {"format": 1, "name": "tiny", "model": {"depth_multiplier": 0.1, "input_size": 96}, "train": settings}


def make_run(folder: Path, request: dict[str, Any] | None = None, dataset: dict[str, Any] | None = None) -> Path:
    """A run directory ready for the engine."""
    folder.mkdir(parents=True, exist_ok=True)
    dataset = dataset or make_dataset(folder / "photos")
    (folder / "dataset.json").write_text(json.dumps(dataset), encoding="utf-8")
    (folder / "run.json").write_text(json.dumps(request or make_request()), encoding="utf-8")
    return folder


def events(run_dir: Path, kind: str | None = None) -> list[dict[str, Any]]:
    """The events of a run so far, of one type or of all."""
    lines = (run_dir / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [event for event in map(json.loads, lines) if kind in (None, event["type"])]
