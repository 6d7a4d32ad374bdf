"""`export_everything.py RUN_DIR`: a model that has learnt nothing, exported in every format to RUN_DIR/exports.

Writes RUN_DIR/answers.npz, what the checkpoint says about the val images. No training: what is exported need not be
good to be the same, and random weights have more near-ties than any trained ones.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from training.engine import compat
from training.engine.dataset import Dataset
from training.engine.events import EventLog
from training.engine.request import RunRequest
from training.engine.rundir import RunDirectory, write_json


def main(run: RunDirectory) -> None:
    compat.apply()
    import tensorflow as tf

    from training.engine import pipeline_config, records
    from training.engine.checkpoints import Best
    from training.engine.exporting import subject_of
    from training.engine.exports.command import export_all
    from training.engine.exports.formats import FORMATS
    from training.engine.model import Detector, build_model

    request, dataset = RunRequest.load(run.request), Dataset.load(run.dataset)
    records.write_all(run, dataset, lambda: None)
    pipeline = pipeline_config.build(run, request, dataset)
    pipeline_config.write(run, pipeline)
    tf.keras.utils.set_random_seed(1)
    model = build_model(pipeline)
    detector = Detector(model)
    tf.train.Checkpoint(model=model).write(str(run.best / "ckpt-0"))
    write_json(run.best / "best.json", vars(Best(0, 0.0, 0.0)))
    subject = subject_of(run, request, dataset, detector, pipeline, "ckpt-0")
    export_all(subject, EventLog(run.events), list(FORMATS), run.exports)
    answers = {}
    served = tf.saved_model.load(str(run.exports / "saved_model"))
    for image in records.read_images(run.records("val")):
        for name, value in detector(image.pixels[None]).items():
            answers[f"{image.id}/{name}"] = value[0]
        # The way of the tutorials, and with two images at once.
        for name, value in served(tf.constant(np.stack([image.pixels, image.pixels[:, ::-1]]))).items():
            answers[f"{image.id}/served/{name}"] = value.numpy()
    np.savez(run.root / "answers.npz", **answers)


if __name__ == "__main__":
    main(RunDirectory(Path(sys.argv[1])))
