"""The feature extractors that the library has, by way. Plain data: asking the library takes ten seconds of imports,
and a process of one way cannot ask for those of the other. A check compares them with the library's own tables."""

from __future__ import annotations

OF_TENSORFLOW_1 = frozenset(
    {
        "embedded_ssd_mobilenet_v1",
        *(f"faster_rcnn_{name}" for name in ("inception_resnet_v2", "inception_v2", "nas", "pnas")),
        *(f"faster_rcnn_resnet{layers}" for layers in (50, 101, 152)),
        *(f"ssd_inception_v{version}" for version in (2, 3)),
        *(f"ssd_mobiledet_{chip}" for chip in ("cpu", "dsp", "edgetpu", "gpu")),
        *(f"ssd_mobilenet_{name}" for name in ("edgetpu", "v1", "v1_fpn", "v1_ppn", "v2", "v2_fpn", "v2_mnasfpn")),
        *(f"ssd_mobilenet_v3_{size}" for size in ("large", "small")),
        "ssd_pnasnet",
        *(f"ssd_resnet{layers}_v1_{neck}" for layers in (50, 101, 152) for neck in ("fpn", "ppn")),
        "ssd_spaghettinet",
    }
)

#: CenterNet's networks do not say in their names that they are made of Keras layers.
OF_CENTERNET = frozenset(
    {
        *(f"hourglass_{layers}" for layers in (10, 20, 32, 52, 104)),
        "mobilenet_v2",
        "mobilenet_v2_fpn",
        "mobilenet_v2_fpn_sep_conv",
        *(f"resnet_v1_{layers}_fpn" for layers in (18, 34, 50, 101)),
        *(f"resnet_v2_{layers}" for layers in (50, 101)),
    }
)

OF_TENSORFLOW_2 = OF_CENTERNET | {
    *(f"faster_rcnn_resnet{layers}{neck}_keras" for layers in (50, 101, 152) for neck in ("", "_fpn")),
    "faster_rcnn_inception_resnet_v2_keras",
    *(f"ssd_efficientnet-b{number}_bifpn_keras" for number in range(8)),
    *(f"ssd_mobilenet_v{version}{neck}_keras" for version in (1, 2) for neck in ("", "_fpn")),
    *(f"ssd_resnet{layers}_v1_fpn_keras" for layers in (50, 101, 152)),
}
