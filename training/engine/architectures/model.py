"""The detector of a run as the Object Detection API's model message.

Needs `compat.apply()` first.
"""

from __future__ import annotations

from typing import Any

from object_detection.protos import hyperparams_pb2, post_processing_pb2

from training.engine.request import ModelRequest

L2_WEIGHT = 0.00004
MAX_DETECTIONS = 100
MAX_BATCH_NORM_DECAY = 0.997


def fill_model(ssd: Any, request: ModelRequest, class_count: int, steps: int) -> None:
    """SSD with MobileNet V2, a feature pyramid over levels 3 to 7 and one predictor shared by all of them."""
    ssd.num_classes = class_count
    ssd.inplace_batchnorm_update = True
    ssd.freeze_batchnorm = False
    ssd.encode_background_as_zeros = True
    ssd.normalize_loss_by_num_matches = True
    ssd.normalize_loc_loss_by_codesize = True
    coder = ssd.box_coder.faster_rcnn_box_coder
    coder.y_scale = coder.x_scale = 10.0
    coder.height_scale = coder.width_scale = 5.0
    matcher = ssd.matcher.argmax_matcher
    matcher.matched_threshold = matcher.unmatched_threshold = 0.5
    matcher.ignore_thresholds = False
    matcher.negatives_lower_than_unmatched = True
    matcher.force_match_for_each_row = True
    matcher.use_matmul_gather = True
    ssd.similarity_calculator.iou_similarity.SetInParent()
    resizer = ssd.image_resizer.fixed_shape_resizer
    resizer.height = resizer.width = request.input_size
    fill_anchors(ssd)
    decay = batch_norm_decay(steps)
    fill_feature_extractor(ssd.feature_extractor, request, decay)
    fill_predictor(ssd.box_predictor.weight_shared_convolutional_box_predictor, decay)
    fill_losses(ssd)


def batch_norm_decay(steps: int) -> float:
    """How much of the moving mean and variance stays at each step: they span a twentieth of the run.

    The zoo's 0.997 is made for runs of tens of thousands of steps. In one of 600 it would leave a sixth of the
    starting values in the averages that detection uses, and the model would look far worse than it is.
    """
    return min(MAX_BATCH_NORM_DECAY, max(0.9, 1.0 - 20.0 / max(1, steps)))


def fill_anchors(ssd: Any) -> None:
    anchors = ssd.anchor_generator.multiscale_anchor_generator
    anchors.min_level, anchors.max_level = 3, 7
    anchors.anchor_scale = 4.0
    anchors.aspect_ratios[:] = [1.0, 2.0, 0.5]
    anchors.scales_per_octave = 2


def fill_feature_extractor(extractor: Any, request: ModelRequest, decay: float) -> None:
    extractor.type = request.architecture
    extractor.depth_multiplier = request.depth_multiplier
    # Keras' own MobileNet V2 rounds channels to multiples of 8 with a least of 8. With the usual 16 the early layers
    # of a narrow network would differ, and ImageNet weights would not fit them.
    extractor.min_depth = 8
    extractor.use_depthwise = True
    extractor.override_base_feature_extractor_hyperparams = True
    extractor.fpn.min_level, extractor.fpn.max_level = 3, 7
    extractor.fpn.additional_layer_depth = 128
    fill_hyperparams(extractor.conv_hyperparams, decay)


def fill_predictor(predictor: Any, decay: float) -> None:
    predictor.depth = 128
    predictor.kernel_size = 3
    predictor.num_layers_before_predictor = 4
    predictor.class_prediction_bias_init = -4.6  # every anchor starts at a score of 0.01, as focal loss wants
    predictor.share_prediction_tower = True
    predictor.use_depthwise = True
    fill_hyperparams(predictor.conv_hyperparams, decay)


def fill_hyperparams(hyperparams: Any, decay: float) -> None:
    hyperparams.activation = hyperparams_pb2.Hyperparams.RELU_6
    hyperparams.regularizer.l2_regularizer.weight = L2_WEIGHT
    hyperparams.initializer.random_normal_initializer.stddev = 0.01
    hyperparams.initializer.random_normal_initializer.mean = 0.0
    hyperparams.batch_norm.scale = True
    hyperparams.batch_norm.decay = decay
    hyperparams.batch_norm.epsilon = 0.001


def fill_losses(ssd: Any) -> None:
    focal = ssd.loss.classification_loss.weighted_sigmoid_focal
    focal.alpha, focal.gamma = 0.25, 2.0
    ssd.loss.localization_loss.weighted_smooth_l1.SetInParent()
    ssd.loss.classification_weight = ssd.loss.localization_weight = 1.0
    suppression = ssd.post_processing.batch_non_max_suppression
    suppression.score_threshold = 1e-8
    suppression.iou_threshold = 0.6
    suppression.max_detections_per_class = suppression.max_total_detections = MAX_DETECTIONS
    ssd.post_processing.score_converter = post_processing_pb2.PostProcessing.SIGMOID
