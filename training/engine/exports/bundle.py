"""What lies beside the model file: label map, model.json, model card and a script that detects with it."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from training.engine.bundle import runtime_litert
from training.engine.evaluation import Figures
from training.engine.exports.comparison import Comparison
from training.engine.exports.formats import Format
from training.engine.exports.model_card import model_card
from training.engine.exports.reference import Reference
from training.engine.exports.subject import Subject
from training.engine.records import label_map_text
from training.engine.rundir import write_json, write_text

PREDICT = Path(runtime_litert.__file__).with_name("predict.py")
RULE = "COCO (IoU .50 to .95, at most 100 detections an image, boxes marked difficult count like all others)"


def describe(
    folder: Path,
    subject: Subject,
    reference: Reference,
    chosen: Format,
    about: dict[str, Any],
    comparison: Comparison,
    figures: Figures,
) -> None:
    """Completes the folder of an export whose model file is written and checked."""
    classes = subject.dataset.classes
    model = subject.request.model
    card = {
        **about,
        "name": subject.request.name,
        "architecture": model.architecture,
        "family": subject.family,
        "checkpoint": subject.checkpoint,
        "input_size": subject.input_size or model.input_size,
        "classes": [{"id": class_id, "name": name} for class_id, name in sorted(classes.items())],
        "sha256": digest(folder / chosen.file),
        "bytes": (folder / chosen.file).stat().st_size,
        "figures": {
            "split": reference.split,
            "images": reference.count,
            "rule": RULE,
            **{name: getattr(figures, name) for name in ("ap", "ap50", "ap75")},
            "checkpoint": {name: getattr(reference.figures, name) for name in ("ap", "ap50", "ap75")},
        },
        "comparison": asdict(comparison),
    }
    write_text(folder / "label_map.pbtxt", label_map_text(classes))
    write_json(folder / "model.json", card)
    write_text(folder / "MODEL_CARD.md", model_card(card, subject, chosen, figures))
    shutil.copyfile(PREDICT, folder / "predict.py")
    shutil.copyfile(str(chosen.runtime.__file__), folder / "runtime.py")


def digest(path: Path) -> str:
    """SHA-256 of a file, which may be large."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
