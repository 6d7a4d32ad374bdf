"""What the model zoos of TensorFlow 2 and 1 publish about the detectors that can be trained on here.

Figures are those of the zoos' own pages (tensorflow/models, research/object_detection/g3doc, tf2_detection_zoo.md and
tf1_detection_zoo.md). Sizes and checksums are given where somebody has published them; the first download of the
others is what later ones are held against.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.engine.architectures.preset import Preset
from training.engine.architectures.presets import PRESETS

SUFFIX = ".tar.gz"
TF2, TF2_EARLY, TF2_LATE, TF1 = "tf2/20200711/", "tf2/20200713/", "tf2/20210210/", ""
#: Milliseconds an image as published, COCO mAP (0 to 100), side of the input in pixels, folder on the server.
FIGURES = {
    "ssd_mobilenet_v2_320x320_coco17_tpu-8": (19, 20.2, 300, TF2),
    "ssd_mobilenet_v2_fpnlite_320x320_coco17_tpu-8": (22, 22.2, 320, TF2),
    "ssd_mobilenet_v2_fpnlite_640x640_coco17_tpu-8": (39, 28.2, 640, TF2),
    "ssd_mobilenet_v1_fpn_640x640_coco17_tpu-8": (48, 29.1, 640, TF2),
    "ssd_resnet50_v1_fpn_640x640_coco17_tpu-8": (46, 34.3, 640, TF2),
    "ssd_resnet50_v1_fpn_1024x1024_coco17_tpu-8": (87, 38.3, 1024, TF2),
    "ssd_resnet101_v1_fpn_640x640_coco17_tpu-8": (57, 35.6, 640, TF2),
    "ssd_resnet101_v1_fpn_1024x1024_coco17_tpu-8": (104, 39.5, 1024, TF2),
    "ssd_resnet152_v1_fpn_640x640_coco17_tpu-8": (80, 35.4, 640, TF2),
    "ssd_resnet152_v1_fpn_1024x1024_coco17_tpu-8": (111, 39.6, 1024, TF2),
    "efficientdet_d0_coco17_tpu-32": (39, 33.6, 512, TF2),
    "efficientdet_d1_coco17_tpu-32": (54, 38.4, 640, TF2),
    "efficientdet_d2_coco17_tpu-32": (67, 41.8, 768, TF2),
    "efficientdet_d3_coco17_tpu-32": (95, 45.4, 896, TF2),
    "efficientdet_d4_coco17_tpu-32": (133, 48.5, 1024, TF2),
    "efficientdet_d5_coco17_tpu-32": (222, 49.7, 1280, TF2),
    "efficientdet_d6_coco17_tpu-32": (268, 50.5, 1280, TF2),
    "efficientdet_d7_coco17_tpu-32": (325, 51.2, 1536, TF2),
    "faster_rcnn_resnet50_v1_640x640_coco17_tpu-8": (53, 29.3, 640, TF2),
    "faster_rcnn_resnet50_v1_1024x1024_coco17_tpu-8": (65, 31.0, 1024, TF2),
    "faster_rcnn_resnet50_v1_800x1333_coco17_gpu-8": (65, 31.6, 800, TF2),
    "faster_rcnn_resnet101_v1_640x640_coco17_tpu-8": (55, 31.8, 640, TF2),
    "faster_rcnn_resnet101_v1_1024x1024_coco17_tpu-8": (72, 37.1, 1024, TF2),
    "faster_rcnn_resnet101_v1_800x1333_coco17_gpu-8": (77, 36.6, 800, TF2),
    "faster_rcnn_resnet152_v1_640x640_coco17_tpu-8": (64, 32.4, 640, TF2),
    "faster_rcnn_resnet152_v1_1024x1024_coco17_tpu-8": (85, 37.6, 1024, TF2),
    "faster_rcnn_resnet152_v1_800x1333_coco17_gpu-8": (101, 37.4, 800, TF2),
    "faster_rcnn_inception_resnet_v2_640x640_coco17_tpu-8": (206, 37.7, 640, TF2),
    "faster_rcnn_inception_resnet_v2_1024x1024_coco17_tpu-8": (236, 38.7, 1024, TF2),
    "centernet_mobilenetv2fpn_512x512_coco17_od": (6, 23.4, 512, TF2_LATE),
    "centernet_resnet50_v1_fpn_512x512_coco17_tpu-8": (27, 31.2, 512, TF2),
    "centernet_resnet101_v1_fpn_512x512_coco17_tpu-8": (34, 34.2, 512, TF2),
    "centernet_resnet50_v2_512x512_coco17_tpu-8": (27, 29.5, 512, TF2),
    "centernet_hg104_512x512_coco17_tpu-8": (70, 41.9, 512, TF2_EARLY),
    "centernet_hg104_1024x1024_coco17_tpu-32": (197, 44.5, 1024, TF2_EARLY),
    "ssd_inception_v2_coco_2018_01_28": (42, 24, 300, TF1),
    "ssd_mobilenet_v1_coco_2018_01_28": (30, 21, 300, TF1),
    "ssd_mobilenet_v2_coco_2018_03_29": (31, 22, 300, TF1),
    "faster_rcnn_inception_v2_coco_2018_01_28": (58, 28, 600, TF1),
    "faster_rcnn_resnet50_coco_2018_01_28": (89, 30, 600, TF1),
    "faster_rcnn_resnet101_coco_2018_01_28": (106, 32, 600, TF1),
}

#: Bytes and SHA-256 as the Open Model Zoo publishes them; bytes alone as public download logs show them.
PUBLISHED: dict[str, tuple[int, str]] = {
    "ssd_mobilenet_v1_coco_2018_01_28": (
        76541073, "8788f89108519fd1102b8a5c2ac861cf6d86603571b6ce5bbd1c245b7fe005e3",
    ),
    "ssd_mobilenet_v2_coco_2018_03_29": (
        187925923, "b9380178b2e35333f1a735e39745928488bdabeb9ed20bc6fa07af8172cb5adc",
    ),
    "faster_rcnn_inception_v2_coco_2018_01_28": (
        149119618, "db3295e9a52d406540e84bdd056edeedbf938782a7bc4af7918aaa5dc30f0df5",
    ),
    "faster_rcnn_resnet50_coco_2018_01_28": (
        381355771, "0f898f96d6c416de192c516fb6fa773ae9f5ee253eb2ab4015445fbd6eb0ab76",
    ),
    "faster_rcnn_resnet101_coco_2018_01_28": (593445323, ""),
    "faster_rcnn_resnet50_v1_640x640_coco17_tpu-8": (211996178, ""),
    "efficientdet_d3_coco17_tpu-32": (92858658, ""),
}  # fmt: skip


@dataclass(frozen=True)
class ZooModel:
    """`coco_map` is 0 to 100 on COCO, `speed_ms` as published; `bytes` 0 and `sha256` empty where nobody says them."""

    name: str
    preset: Preset
    speed_ms: float
    coco_map: float
    input_size: int
    folder: str
    bytes: int = 0
    sha256: str = ""

    @property
    def title(self) -> str:
        return f"{self.preset.title} {self.input_size} px"

    @property
    def address(self) -> str:
        """Below the zoo's base address."""
        return f"{self.folder}{self.name}{SUFFIX}"

    @property
    def is_old(self) -> bool:
        return self.preset.path == "tf1"


def by_name() -> dict[str, ZooModel]:
    """The quickest first, those of TensorFlow 1 last."""
    homes = {name: preset for preset in PRESETS.values() for name in preset.zoo}
    models = [
        ZooModel(name, homes[name], speed, coco, side, folder, *PUBLISHED.get(name, (0, "")))
        for name, (speed, coco, side, folder) in FIGURES.items()
    ]
    return {one.name: one for one in sorted(models, key=lambda one: (one.is_old, one.speed_ms))}


ZOO = by_name()
