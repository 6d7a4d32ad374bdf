"""What no override may change: settings that follow from the data, the machine or the form, and why."""

from __future__ import annotations

import re
from typing import Any

from training.engine.config_import.migrating_train import ELSEWHERE
from training.engine.overrides.values import refused

FORM = "it is chosen in the form ({}), from which the rest of the config follows"
READERS = "the run reads the records it writes itself"
#: (regular expression for the path, reason), for every run.
ALWAYS = (
    (r"model\.(ssd|faster_rcnn|center_net)", "the network is chosen in the form; bring a pipeline.config for another"),
    (r"model\.\w+\.num_classes", "it is the number of classes of the version"),
    (r"model\.\w+\.feature_extractor\.type", FORM.format("Network, --architecture")),
    (r"train_config", "it is changed setting by setting"),
    (r"train_config\.batch_size", FORM.format("Batch size, --batch-size")),
    (r"train_config\.num_steps", FORM.format("How long, --steps")),
    (r"train_config\.max_number_of_boxes", "it follows from the image with the most boxes"),
    (r"train_config\.unpad_groundtruth_tensors", "batches have a fixed shape here"),
    (r"train_config\.use_bfloat16", "the precision follows from the machine"),
    (r"train_config\.optimizer\.use_moving_average", "evaluation and exports use the weights themselves"),
    (r"train_config\.optimizer\..+\.cosine_decay_learning_rate\.total_steps", "a cosine ends where the run ends"),
    *((rf"train_config\.{name}", reason[0].lower() + reason[1:].rstrip(".")) for name, reason in ELSEWHERE.items()),
    (r"train_input_reader(?!\.shuffle_buffer_size$).*", READERS),
    (r"eval_input_reader.*", READERS),
    (r"eval_config.*", "every evaluation measures all of val, by the rules of COCO"),
    (
        r"graph_rewriter.*",
        "training for 8 bits needs parts of TensorFlow 1 that are gone; export as TFLite int8",
    ),
)
#: And for those whose network is a preset, which the form describes.
OF_PRESETS = (
    (r"model\.\w+\.image_resizer.*", FORM.format("Input size, --input-size")),
    (r"model\.\w+\.feature_extractor\.depth_multiplier", FORM.format("Depth multiplier, --depth-multiplier")),
    (
        r"train_config\.optimizer\..+\.cosine_decay_learning_rate\.learning_rate_base",
        FORM.format("Learning rate, --learning-rate"),
    ),
)


def refuse_fixed(paths: list[str], custom: bool) -> None:
    """`EngineError` for the first path that is another's; `custom`: the network is that of a brought config."""
    for path in paths:
        for pattern, reason in ALWAYS if custom else (*ALWAYS, *OF_PRESETS):
            if re.fullmatch(pattern, path):
                raise refused(f"{path} cannot be changed here: {reason}. Take the change out.")


def check_schedule(pipeline: Any) -> None:
    """A cosine of another length than the run, or a warm-up as long as the run, would end in the middle."""
    config = pipeline.train_config
    kind = config.optimizer.WhichOneof("optimizer")
    rate = getattr(config.optimizer, kind).learning_rate if kind else None
    if rate is None or rate.WhichOneof("learning_rate") != "cosine_decay_learning_rate":
        return
    cosine = rate.cosine_decay_learning_rate
    if cosine.total_steps != config.num_steps:
        raise refused(
            f"The cosine of {kind} ends after {cosine.total_steps} steps, and the run after {config.num_steps}; write "
            f"total_steps: {config.num_steps}."
        )
    if cosine.warmup_steps >= config.num_steps:
        raise refused(
            f"The warm-up of {cosine.warmup_steps} steps is as long as the run ({config.num_steps}); make it shorter."
        )
