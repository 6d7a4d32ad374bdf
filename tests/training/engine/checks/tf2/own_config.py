"""An archive as the model zoo publishes them: its config imported, its weights taken over, trained from end to end."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

from tests.training.engine.builders import events, make_run
from tests.training.engine.checks.registry import check, new_folder
from tests.training.engine.checks.tf2.starting import tiny_model

READERS = """
train_config { batch_size: 128 num_steps: 50000 fine_tune_checkpoint: "PATH_TO_BE_CONFIGURED" use_bfloat16: true
  data_augmentation_options { random_horizontal_flip { } }
  optimizer { momentum_optimizer { learning_rate { cosine_decay_learning_rate {
    learning_rate_base: 0.08 total_steps: 50000 warmup_learning_rate: 0.02 warmup_steps: 1000 } } } } }
train_input_reader { label_map_path: "D:\\\\data\\\\map.pbtxt" tf_record_input_reader { input_path: "D:/x.record" } }
"""


def archive_of(model_text: str, folder: Path) -> Path:
    """Packs a model of three classes, one of which is the data's second, with its config and its names."""
    import tensorflow as tf

    inside = folder / "published"
    tf.train.Checkpoint(model=tiny_model(3)).write(str(inside / "checkpoint" / "ckpt-0"))
    (inside / "pipeline.config").write_text(model_text + READERS)
    names = ("Cube", 'Zoë \\"box\\"', "Cone")
    items = [f'item {{ id: {number} name: "{name}" }}' for number, name in enumerate(names, start=1)]
    (inside / "label_map.pbtxt").write_text("\n".join(items))
    with tarfile.open(folder / "published.tar.gz", "w:gz") as out:
        out.add(inside, "published")
    return folder / "published.tar.gz"


def model_text() -> str:
    from object_detection.protos import pipeline_pb2

    from training.engine.architectures.model import fill_model
    from training.engine.request import ModelRequest

    pipeline = pipeline_pb2.TrainEvalPipelineConfig()
    fill_model(pipeline.model, ModelRequest(depth_multiplier=0.1, input_size=96), 3, 50_000)
    return str(pipeline)


def trained(run_dir: Path) -> list[dict[str, Any]]:
    """The events of a run that was trained in this process."""
    from training.engine.cancellation import Cancellation
    from training.engine.dataset import Dataset
    from training.engine.events import EventLog
    from training.engine.recipe import complete
    from training.engine.request import RunRequest
    from training.engine.rundir import RunDirectory, read_json
    from training.engine.train import TrainingRun

    run = RunDirectory(run_dir)
    dataset = Dataset.load(run.dataset)
    request = RunRequest.from_json(complete(read_json(run.request), dataset))
    TrainingRun(run, request, dataset, EventLog(run.events), Cancellation(run.cancel)).execute()
    return events(run_dir)


@check
def an_archive_of_the_zoo_and_its_config_train_from_end_to_end() -> None:
    folder, text = new_folder(), model_text()
    train = {"steps": 2, "batch_size": 2, "evaluate_every": 2, "checkpoint_every": 2, "log_every": 1}
    base = {"kind": "zoo", "path": str(archive_of(text, folder))}
    run_dir = make_run(folder / "run", {"model": {"architecture": "custom"}, "train": train, "base": base})
    (run_dir / "imported.config").write_text(text + READERS)
    found = trained(run_dir)
    (restored,) = [event for event in found if event["type"] == "restored"]
    assert restored["from"] == base["path"] and restored["kept"] > 350
    assert {item["reason"] for item in restored["skipped"]} == {"new classes start fresh: Ball"}
    rates = [event["learning_rate"] for event in found if event["type"] == "step"]
    assert 0 < max(rates) <= 0.08 * 2 / 128 + 1e-9
    assert found[-1]["state"] == "done" and (run_dir / "exports" / "onnx" / "model.onnx").is_file(), found[-3:]
    changes = json.loads((run_dir / "imported.json").read_text())["changes"]
    assert "D:/x.record" in {change["before"] for change in changes}
    assert not (run_dir / "base").exists()
