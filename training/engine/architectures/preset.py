"""What is known about a detector before it is built. Plain Python: the site imports it."""

from __future__ import annotations

from dataclasses import dataclass

SSD, FASTER_RCNN, CENTERNET = "ssd", "faster_rcnn", "centernet"
EXPORTS = ("saved_model", "frozen_graph", "onnx", "tflite", "tflite_float16", "tflite_int8")
#: What a run ends with, so that its model can be asked at once: the first of them that answers like the checkpoint.
DETECTORS = ("onnx", "frozen_graph")
#: Two stages cut proposals out of the feature map with operations that TFLite does not have; EfficientDet's files
#: came out without their signature when they were tried.
EXPORTS_WITHOUT_TFLITE = ("saved_model", "frozen_graph", "onnx")
#: CenterNet's 8-bit file found nothing when it was tried.
EXPORTS_PEAKS = tuple(name for name in EXPORTS if name != "tflite_int8")

#: Why some formats cannot be had, said before anything is built.
WHY_NOT = {
    "tf1": "TFLite's converter takes only functions of TensorFlow 2; the same network's architecture of TensorFlow 2 "
    "(its name ends in _keras) has it",
    "faster_rcnn": "Faster R-CNN cuts proposals out of its feature map, which TFLite has no operation for",
    "center_net": "the 8-bit file of a CenterNet found nothing when it was tried",
    "efficientdet": "the TFLite file of an EfficientDet came out without its signature when it was tried",
    "resizer": "TFLite needs an input of one fixed size, and this model's depends on the photograph",
    "coder": "TFLite's box decoding knows only the Faster R-CNN box coder, and this model has another",
}


@dataclass(frozen=True)
class Preset:
    """A detector by name.

    `path` is the way TensorFlow is used ("tf2" or "tf1"), `feature_extractor` the API's own name for the network.
    `input_sizes` are the least and the largest side in pixels of the square the detector sees, a multiple of
    `input_stride`. `depth_multipliers` are the least and the largest width of the network, None when it has one
    width only. `learning_rate` at `learning_rate_batch` is the published recipe, to be scaled to the batch at hand.
    `zoo` names the published archives whose weights fit, `exports` the formats that can work.
    """

    name: str
    title: str
    path: str
    family: str
    feature_extractor: str
    default_input_size: int
    input_sizes: tuple[int, int]
    input_stride: int
    default_batch_size: int
    learning_rate: float
    learning_rate_batch: int
    depth_multipliers: tuple[float, float] | None = None
    default_depth_multiplier: float = 1.0
    optimizer: str = "momentum"
    zoo: tuple[str, ...] = ()
    exports: tuple[str, ...] = EXPORTS

    def learning_rate_for(self, batch_size: int) -> float:
        """The published learning rate for another batch size: in proportion (the linear scaling rule).

        Adam divides by the size of the gradient itself; there the square root is the usual rule.
        """
        ratio = batch_size / self.learning_rate_batch
        return float(f"{self.learning_rate * (ratio**0.5 if self.optimizer == 'adam' else ratio):.3g}")
