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
from training.engine.events import EventLog
from training.engine.request import RunRequest
from training.engine.rundir import RunDirectory


def main(run: RunDirectory, output: Path) -> None:
    compat.apply()
    import tensorflow as tf

    from training.engine import checkpoints, pipeline_config, records
    from training.engine.exporting import subject_of
    from training.engine.exports.command import export_all
    from training.engine.model import Detector, build_model

    request, dataset, pipeline = RunRequest.load(run.request), Dataset.load(run.dataset), pipeline_config.read(run)
    model = build_model(pipeline)
    detector = Detector(model)
    prefix = checkpoints.find(run, "best")
    checkpoints.load_model(model, prefix)
    subject = subject_of(run, request, dataset, detector, pipeline, prefix.name)
    export_all(subject, EventLog(run.events), ["frozen_graph", "saved_model"], run.exports)
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
