"""Records, label map and pipeline.config."""

from __future__ import annotations

import math
from pathlib import Path

from tests.training.engine.builders import make_request, make_run
from tests.training.engine.checks.registry import check, dataset_json, new_folder, refusal
from training.engine.dataset import Dataset
from training.engine.request import RunRequest
from training.engine.rundir import RunDirectory


@check
def label_map_is_read_back_by_the_api() -> None:
    from object_detection.utils import label_map_util

    from training.engine.records import label_map_text

    path = new_folder() / "label_map.pbtxt"
    path.write_text(label_map_text({1: "Ball", 2: 'Zoë "box"'}), encoding="utf-8")
    assert label_map_util.get_label_map_dict(str(path)) == {"Ball": 1, 'Zoë "box"': 2}


@check
def records_are_whole_or_absent() -> None:
    from training.engine import records

    dataset = dataset_json()
    Path(dataset["images"][5]["path"]).unlink()
    run = RunDirectory(new_folder() / "broken")
    assert refusal(lambda: records.write_all(run, Dataset.from_json(dataset), lambda: None)) == "image_missing"
    assert not records.complete(run)
    assert not list(run.root.glob("*.part"))
    assert not run.records("val")


@check
def an_image_without_boxes_is_read_like_any_other() -> None:
    """The decoder refuses an empty list of another type, so one negative used to stop a whole run."""
    from object_detection.data_decoders.tf_example_decoder import TfExampleDecoder

    from training.engine import records

    content = dataset_json()
    content["images"][0]["boxes"] = []
    dataset = Dataset.from_json(content)
    found = [
        TfExampleDecoder().decode(records.example(image, dataset.classes).SerializeToString())
        for image in dataset.images[:2]
    ]
    assert [list(item["groundtruth_boxes"].shape) for item in found] == [[0, 4], [len(dataset.images[1].boxes), 4]]


@check
def short_runs_forget_their_starting_averages() -> None:
    from training.engine.architectures.parts import batch_norm_decay

    assert [batch_norm_decay(steps) for steps in (0, 20, 1000, 100_000)] == [0.9, 0.9, 0.98, 0.997]
    for steps in (200, 600, 1000, 3000):
        assert batch_norm_decay(steps) ** steps < 1e-3


@check
def pipeline_config_says_what_was_asked() -> None:
    from training.engine import pipeline_config, records

    run = RunDirectory(make_run(new_folder() / "config"))
    settings = {"steps": 500, "gradient_clip": 5.0, "horizontal_flip": False}
    request = RunRequest.from_json(make_request(**settings))
    dataset = Dataset.load(run.dataset)
    records.write_all(run, dataset, lambda: None)
    pipeline_config.write(run, pipeline_config.build(run, request, dataset))
    pipeline = pipeline_config.read(run)
    ssd, train = pipeline.model.ssd, pipeline.train_config
    assert (ssd.num_classes, ssd.image_resizer.fixed_shape_resizer.width) == (2, 96)
    assert (ssd.feature_extractor.min_depth, round(ssd.feature_extractor.depth_multiplier, 3)) == (8, 0.1)
    cosine = train.optimizer.momentum_optimizer.learning_rate.cosine_decay_learning_rate
    assert (cosine.total_steps, cosine.warmup_steps, train.num_steps) == (500, 25, 500)
    assert train.gradient_clipping_by_norm == 5.0
    kinds = [option.WhichOneof("preprocessing_step") for option in train.data_augmentation_options]
    assert "ssd_random_crop" in kinds and "random_horizontal_flip" not in kinds
    assert pipeline.train_input_reader.shuffle_buffer_size == 4
    assert math.isclose(ssd.feature_extractor.conv_hyperparams.batch_norm.decay, 0.96, rel_tol=1e-6)


@check
def crowded_images_raise_the_limit_of_boxes() -> None:
    from training.engine import pipeline_config, records

    dataset = dataset_json()
    dataset["images"][0]["boxes"] *= 130
    run = RunDirectory(new_folder() / "crowd")
    records.write_all(run, Dataset.from_json(dataset), lambda: None)
    pipeline = pipeline_config.build(run, RunRequest(), Dataset.from_json(dataset))
    assert pipeline.train_config.max_number_of_boxes == 130
