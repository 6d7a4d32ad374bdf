"""`checkpoint_answers.py RUN_DIR OUTPUT.npz`: what the best checkpoint of a run says about its val images.

Also exports the run as frozen graph and as SavedModel, the two formats `train` does not write by itself, and asks each
of them again after loading it from disk the way somebody else would.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from training.engine import compat
from training.engine.dataset import Dataset
from training.engine.rundir import RunDirectory


def main(run: RunDirectory, output: Path) -> None:
    compat.apply()
    import tensorflow as tf

    from training.engine import checkpoints, exports, pipeline_config, records
    from training.engine.model import Detector, build_model

    dataset = Dataset.load(run.dataset)
    model = build_model(pipeline_config.read(run))
    detector = Detector(model, 96)
    checkpoints.load_model(model, checkpoints.find(run, "best"))
    for kind in ("frozen_graph", "saved_model"):
        exports.export(run, detector, dataset.classes, 96, kind, run.exports / kind)
    served = tf.saved_model.load(str(run.exports / "saved_model")).signatures["serving_default"]
    answers = {}
    for image in records.read_images(run.records("val")):
        pixels = image.pixels[None]
        given = {
            "checkpoint": detector(pixels),
            "frozen_graph": ask_frozen_graph(run, pixels),
            "saved_model": {name: value.numpy() for name, value in served(input_tensor=tf.constant(pixels)).items()},
        }
        for source, outputs in given.items():
            for name, value in outputs.items():
                answers[f"{source}/{image.id}/{name}"] = value[0]
    np.savez(output, **answers)


def ask_frozen_graph(run: RunDirectory, pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Runs the frozen graph as a program of 2017 would: by tensor names, in a session."""
    import tensorflow.compat.v1 as tf

    names = ("detection_boxes", "detection_scores", "detection_classes", "num_detections")
    with tf.Graph().as_default() as graph, tf.Session(graph=graph) as session:
        encoded = (run.exports / "frozen_graph" / "frozen_inference_graph.pb").read_bytes()
        tf.import_graph_def(tf.GraphDef.FromString(encoded), name="")
        return session.run({name: f"{name}:0" for name in names}, {"image_tensor:0": pixels})


if __name__ == "__main__":
    main(RunDirectory(Path(sys.argv[1])), Path(sys.argv[2]))
