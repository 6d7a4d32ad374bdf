"""Every detector of the engine by name. Plain Python: the site imports it."""

from __future__ import annotations

from training.engine.architectures.preset import (
    CENTERNET,
    EXPORTS_PEAKS,
    EXPORTS_WITHOUT_TFLITE,
    FASTER_RCNN,
    SSD,
    Preset,
)
from training.engine.errors import EngineError

DEFAULT = "ssd_mobilenet_v2_fpn_keras"
#: A run whose detector is described by its own imported.config and not by a preset.
CUSTOM = "custom"

WIDTHS = (0.1, 1.4)


def mobilenets() -> list[Preset]:
    """Single-shot detectors for phones and processors. The first is what a run gets when it does not choose.

    Its learning rate is the one measured here on a few hundred photographs, four times the published 0.08 at 128.
    """
    return [
        Preset(
            DEFAULT, "SSD MobileNet V2 FPNLite", "tf2", SSD, DEFAULT, 320, (96, 1024), 32, 8, 0.02, 8, WIDTHS, 0.35,
            zoo=("ssd_mobilenet_v2_fpnlite_320x320_coco17_tpu-8", "ssd_mobilenet_v2_fpnlite_640x640_coco17_tpu-8"),
        ),
        Preset(
            "ssd_mobilenet_v2_keras", "SSD MobileNet V2", "tf2", SSD, "ssd_mobilenet_v2_keras",
            300, (96, 1024), 4, 16, 0.8, 512, WIDTHS, zoo=("ssd_mobilenet_v2_320x320_coco17_tpu-8",),
        ),
        Preset(
            "ssd_mobilenet_v1_keras", "SSD MobileNet V1", "tf2", SSD, "ssd_mobilenet_v1_keras",
            300, (96, 1024), 4, 16, 0.8, 512, WIDTHS,
        ),
        Preset(
            "ssd_mobilenet_v1_fpn_keras", "SSD MobileNet V1 FPN", "tf2", SSD, "ssd_mobilenet_v1_fpn_keras",
            640, (96, 1024), 32, 8, 0.04, 64, WIDTHS, zoo=("ssd_mobilenet_v1_fpn_640x640_coco17_tpu-8",),
        ),
    ]  # fmt: skip


def retinanets() -> list[Preset]:
    return [
        Preset(
            f"ssd_resnet{layers}_v1_fpn_keras", f"SSD ResNet{layers} V1 FPN (RetinaNet)", "tf2", SSD,
            f"ssd_resnet{layers}_v1_fpn_keras", 640, (160, 1536), 32, 4, 0.04, 64,
            zoo=tuple(f"ssd_resnet{layers}_v1_fpn_{side}x{side}_coco17_tpu-8" for side in (640, 1024)),
        )
        for layers in (50, 101, 152)
    ]  # fmt: skip


def efficientdets() -> list[Preset]:
    """D7 is D6 at a larger input. The feature pyramid goes to level 7, hence the multiples of 128."""
    sizes = (512, 640, 768, 896, 1024, 1280, 1280, 1536)
    return [
        Preset(
            f"efficientdet_d{number}", f"EfficientDet D{number}", "tf2", SSD,
            f"ssd_efficientnet-b{min(number, 6)}_bifpn_keras", size, (256, 1536), 128, 4 if number < 3 else 1,
            0.08, 128, zoo=(f"efficientdet_d{number}_coco17_tpu-32",), exports=EXPORTS_WITHOUT_TFLITE,
        )
        for number, size in enumerate(sizes)
    ]  # fmt: skip


def faster_rcnns() -> list[Preset]:
    resnets = [
        Preset(
            f"faster_rcnn_resnet{layers}_keras", f"Faster R-CNN ResNet{layers} V1", "tf2", FASTER_RCNN,
            f"faster_rcnn_resnet{layers}_keras", 640, (128, 1536), 32, 4, 0.04, 64,
            zoo=tuple(
                f"faster_rcnn_resnet{layers}_v1_{size}_coco17_{machine}"
                for size, machine in (("640x640", "tpu-8"), ("1024x1024", "tpu-8"), ("800x1333", "gpu-8"))
            ),
            exports=EXPORTS_WITHOUT_TFLITE,
        )
        for layers in (50, 101, 152)
    ]  # fmt: skip
    pyramids = [
        Preset(
            f"faster_rcnn_resnet{layers}_fpn_keras", f"Faster R-CNN ResNet{layers} V1 FPN", "tf2", FASTER_RCNN,
            f"faster_rcnn_resnet{layers}_fpn_keras", 640, (128, 1536), 32, 2, 0.04, 64, exports=EXPORTS_WITHOUT_TFLITE,
        )
        for layers in (50, 101, 152)
    ]  # fmt: skip
    inception = Preset(
        "faster_rcnn_inception_resnet_v2_keras", "Faster R-CNN Inception-ResNet V2", "tf2", FASTER_RCNN,
        "faster_rcnn_inception_resnet_v2_keras", 640, (128, 1536), 32, 1, 0.04, 64,
        zoo=tuple(f"faster_rcnn_inception_resnet_v2_{side}x{side}_coco17_tpu-8" for side in (640, 1024)),
        exports=EXPORTS_WITHOUT_TFLITE,
    )  # fmt: skip
    return [*resnets, *pyramids, inception]


def centernets() -> list[Preset]:
    """Detectors without anchors. Name, title, network, batch, stride, archives."""
    rows = (
        ("centernet_mobilenet_v2_fpn", "MobileNet V2 FPN", "mobilenet_v2_fpn_sep_conv", 8, 32,
         ("centernet_mobilenetv2fpn_512x512_coco17_od",)),
        ("centernet_resnet18_v1_fpn", "ResNet18 V1 FPN", "resnet_v1_18_fpn", 8, 32, ()),
        ("centernet_resnet34_v1_fpn", "ResNet34 V1 FPN", "resnet_v1_34_fpn", 8, 32, ()),
        ("centernet_resnet50_v1_fpn", "ResNet50 V1 FPN", "resnet_v1_50_fpn", 4, 32,
         ("centernet_resnet50_v1_fpn_512x512_coco17_tpu-8",)),
        ("centernet_resnet101_v1_fpn", "ResNet101 V1 FPN", "resnet_v1_101_fpn", 4, 32,
         ("centernet_resnet101_v1_fpn_512x512_coco17_tpu-8",)),
        ("centernet_resnet50_v2", "ResNet50 V2", "resnet_v2_50", 4, 32,
         ("centernet_resnet50_v2_512x512_coco17_tpu-8",)),
        ("centernet_resnet101_v2", "ResNet101 V2", "resnet_v2_101", 4, 32, ()),
        ("centernet_hourglass104", "Hourglass104", "hourglass_104", 1, 128,
         ("centernet_hg104_512x512_coco17_tpu-8", "centernet_hg104_1024x1024_coco17_tpu-32")),
    )  # fmt: skip
    return [
        Preset(
            name, f"CenterNet {title}", "tf2", CENTERNET, network, 512, (128, 1536), stride, batch, 0.001, 128,
            WIDTHS if network.startswith("mobilenet") else None, optimizer="adam", zoo=archives, exports=EXPORTS_PEAKS,
        )
        for name, title, network, batch, stride, archives in rows
    ]  # fmt: skip


def of_2017() -> list[Preset]:
    """What the tutorials of TensorFlow 1 trained; they run in a process of TensorFlow 1's way of their own."""
    formats = ("frozen_graph", "saved_model", "onnx")
    single = (
        ("ssd_inception_v2", "SSD Inception V2", ("ssd_inception_v2_coco_2018_01_28",)),
        ("ssd_mobilenet_v1", "SSD MobileNet V1 (2017)", ("ssd_mobilenet_v1_coco_2018_01_28",)),
        ("ssd_mobilenet_v2", "SSD MobileNet V2 (2018)", ("ssd_mobilenet_v2_coco_2018_03_29",)),
    )
    double = (
        ("faster_rcnn_inception_v2", "Faster R-CNN Inception V2", ("faster_rcnn_inception_v2_coco_2018_01_28",)),
        ("faster_rcnn_resnet50", "Faster R-CNN ResNet50 (2017)", ("faster_rcnn_resnet50_coco_2018_01_28",)),
        ("faster_rcnn_resnet101", "Faster R-CNN ResNet101 (2017)", ("faster_rcnn_resnet101_coco_2018_01_28",)),
    )
    return [
        Preset(name, title, "tf1", SSD, name, 300, (96, 1024), 4, 8, 0.004, 24, WIDTHS, optimizer="rms_prop",
               zoo=archives, exports=formats)
        for name, title, archives in single
    ] + [
        Preset(name, title, "tf1", FASTER_RCNN, name, 600, (128, 1536), 1, 1, 0.0002, 1, zoo=archives, exports=formats)
        for name, title, archives in double
    ]  # fmt: skip


def by_name() -> dict[str, Preset]:
    families = (mobilenets, retinanets, efficientdets, faster_rcnns, centernets, of_2017)
    return {one.name: one for family in families for one in family()}


PRESETS: dict[str, Preset] = by_name()


def preset(name: str) -> Preset:
    """The preset called `name`; `EngineError` names all of them when there is none."""
    if name not in PRESETS:
        raise EngineError(
            "bad_request", f"Unknown architecture {name!r}; it must be {CUSTOM} or one of {', '.join(PRESETS)}."
        )
    return PRESETS[name]
