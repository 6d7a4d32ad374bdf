"""Detects objects in photographs with the model in this folder and prints what it found as JSON.

    python predict.py photo.jpg [more.jpg ...] [--threshold 0.5]

Python 3.10 or newer; MODEL_CARD.md names the packages to install. Boxes are pixels of the photograph, turned upright.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

Detect = Callable[[Any], "tuple[Any, Any, Any]"]


def read_image(path: Path) -> Any:
    """The photograph as uint8 RGB [height, width, 3], turned the way the camera was held."""
    with Image.open(path) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def detect_file(path: Path, detect: Detect, names: dict[int, str], threshold: float) -> dict[str, Any]:
    """What was found on one photograph with at least this score, best first."""
    pixels = read_image(path)
    boxes, scores, class_ids = detect(pixels)
    found = []
    for box, score, class_id in zip(boxes, scores, class_ids, strict=True):
        if score >= threshold:
            edges = dict(zip(("xmin", "ymin", "xmax", "ymax"), (round(float(edge), 1) for edge in box), strict=True))
            name = names.get(int(class_id), str(int(class_id)))
            found.append({"class": name, "class_id": int(class_id), "score": round(float(score), 4), "box": edges})
    return {"file": str(path), "width": pixels.shape[1], "height": pixels.shape[0], "detections": found}


def main() -> int:
    parser = argparse.ArgumentParser(description="Detects objects in photographs; prints JSON.")
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    parser.add_argument("--threshold", type=float, default=0.5, help="least score to print, 0 to 1 (default 0.5)")
    options = parser.parse_args()
    from runtime import load

    folder = Path(__file__).resolve().parent
    about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    names = {item["id"]: item["name"] for item in about["classes"]}
    detect = load(folder, about)
    results, failed = [], False
    for path in options.images:
        try:
            results.append(detect_file(path, detect, names, options.threshold))
        except OSError as error:
            print(f"{path} could not be read as a picture: {error}", file=sys.stderr)
            failed = True
    print(json.dumps(results, ensure_ascii=False, indent=1))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
