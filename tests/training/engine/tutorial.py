"""The tutorial's photographs, annotations and config as a run directory of the engine."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

CLASSES = {"BB-8": 1, "R2-D2": 2}
CONFIG = "ssd_inception_v2_pets.config"


def make_tutorial_run(run_dir: Path, data: Path, train: int, val: int, size: int, **settings: Any) -> Path:
    """A run of the tutorial author's own config with the first `train` and `val` photographs of both robots.

    `data` is the folder of the public set, `size` the input in pixels (the config's own is 300).
    """
    run_dir.mkdir(parents=True)
    per_class = [sorted(data.glob(f"annotations/xmls/{name}_*.xml")) for name in CLASSES]
    files = [file for pair in zip(*per_class, strict=False) for file in pair][: train + val]
    images = [entry(file, data, index, "train" if index < train else "val") for index, file in enumerate(files)]
    classes = [{"id": class_id, "name": name} for name, class_id in CLASSES.items()]
    dataset = {"classes": classes, "images": images}
    request = {"format": 1, "model": {"architecture": "custom", "input_size": size}, "train": settings}
    (run_dir / "dataset.json").write_text(json.dumps(dataset), encoding="utf-8")
    (run_dir / "run.json").write_text(json.dumps(request), encoding="utf-8")
    shutil.copy(data / CONFIG, run_dir / "imported.config")
    return run_dir


def entry(file: Path, data: Path, index: int, split: str) -> dict[str, Any]:
    """One annotated photograph as dataset.json has it; its class is told by the name of the file."""
    root = ElementTree.parse(file).getroot()  # noqa: S314 - a public set that is read by tests only
    edges = [
        {one: float(box.findtext(one) or 0) for one in ("xmin", "ymin", "xmax", "ymax")} for box in root.iter("bndbox")
    ]
    class_id = CLASSES[file.stem.rsplit("_", 1)[0]]
    return {
        "id": index + 1,
        "path": str(data / "images" / f"{file.stem}.jpg"),
        "file_name": f"{file.stem}.jpg",
        "width": int(root.findtext("size/width") or 0),
        "height": int(root.findtext("size/height") or 0),
        "split": split,
        "boxes": [{"class_id": class_id, **box} for box in edges],
    }
