"""Whole inputs of each kind, from which the damaged ones are made."""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image as Pillow
from PIL import ImageDraw

from datasets.formats.example_proto import Example, put
from datasets.formats.tfrecord import frame, write_example
from datasets.formats.voc import read_voc
from tests.voc import voc_xml

WORD = (
    b"<object><name>R2-D2</name><bndbox><xmin>1.5</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object>"
)
EXTRACTORS = (("ssd_mobilenet_v2_fpn_keras", "checkpoint/ckpt-0"), ("ssd_inception_v2", "model.ckpt"))
VIDEO_CODECS = {".mp4": "mp4v", ".avi": "MJPG", ".webm": "VP80"}
IMAGE_KINDS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "AVIF", "PPM", "JPEG2000")
PIPELINE = """model {
  ssd {
    num_classes: 2
    image_resizer { fixed_shape_resizer { height: 320 width: 320 } }
    feature_extractor {
      type: "%s"
      depth_multiplier: 1.0
      min_depth: 16
      conv_hyperparams {
        regularizer { l2_regularizer { weight: 0.00004 } }
        initializer { truncated_normal_initializer { stddev: 0.03 mean: 0.0 } }
        activation: RELU_6
      }
    }
    anchor_generator { ssd_anchor_generator { num_layers: 6 min_scale: 0.2 max_scale: 0.95 aspect_ratios: [1.0, 2.0] } }
    post_processing { batch_non_max_suppression { score_threshold: 1e-8 iou_threshold: 0.6 } }
  }
}
train_config {
  batch_size: 4
  optimizer { rms_prop_optimizer: { learning_rate: {
    exponential_decay_learning_rate { initial_learning_rate: 0.004 } } } }
  fine_tune_checkpoint: "PATH_TO_BE_CONFIGURED/model.ckpt"
  data_augmentation_options { random_horizontal_flip { } }
}
train_input_reader: { tf_record_input_reader { input_path: "C:/x/train.record" } label_map_path: "x.pbtxt" }
eval_config: { num_examples: 20 }
"""


def voc() -> list[bytes]:
    two = voc_xml("a.jpg", boxes=[("bb8", 10, 20, 110, 80), ("r2 d2", 1, 1, 400, 300)], verified=True)
    return [two, two.replace(b"</annotation>", WORD + b"<source><database>x</database></source></annotation>")]


def yolo() -> list[bytes]:
    return [b"0 0.5 0.5 0.25 0.4\n1 0.25 0.3 0.1 0.1\n", b"0 0.1 0.1 0.9 0.1 0.9 0.9 0.1 0.9\n"]


def createml() -> list[bytes]:
    box = {"label": "bb8", "coordinates": {"x": 60, "y": 50, "width": 100, "height": 60}}
    return [json.dumps([{"image": "a.jpg", "annotations": [box, box]}, {"image": "b.jpg", "annotations": []}]).encode()]


def coco() -> list[bytes]:
    return [
        json.dumps(
            {
                "info": {"year": 2017},
                "images": [
                    {"id": 1, "file_name": "a.jpg", "width": 400, "height": 300},
                    {"id": 2, "file_name": "b.jpg"},
                ],
                "categories": [{"id": 1, "name": "bb8", "supercategory": "droid"}, {"id": 3, "name": "r2d2"}],
                "annotations": [
                    {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 100, 60], "iscrowd": 0, "area": 6000},
                    {"id": 2, "image_id": 1, "category_id": 3, "segmentation": [[1, 1, 9, 1, 9, 9]]},
                ],
            }
        ).encode()
    ]


def csv() -> list[bytes]:
    return [b"filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,400,300,bb8,10,20,110,80\nb.jpg,9,9,r2,1,1,5,5\n"]


def tfrecord() -> list[bytes]:
    record = read_voc(voc()[0])
    example = Example()
    put(example, "image/filename", ["b.jpg"])
    whole = write_example(record, {"bb8": 1, "r2 d2": 2}, pictures()[0], "jpeg")
    return [frame(whole) + frame(example.SerializeToString())]


def pbtxt() -> list[bytes]:
    return [b"item {\n  id: 1\n  name: 'bb8'\n}\nitem { id: 2 name: \"r2\" display_name: 'R2-D2' }  # droid\n"]


def yaml() -> list[bytes]:
    return [b"path: .\ntrain: images/train\nval: [a.txt, b]\nnames:\n  0: bb8\n  1: r2\n", b"names: [a, b]\nnc: 2\n"]


def pipeline_config() -> list[bytes]:
    return [(PIPELINE % extractor).encode() for extractor, _ in EXTRACTORS]


def pictures() -> list[bytes]:
    """One of each kind that is read; small, because thousands are made of them."""
    image = Pillow.new("RGB", (64, 48), (90, 120, 60))
    ImageDraw.Draw(image).ellipse((10, 8, 50, 40), fill=(250, 240, 200))
    exif = Pillow.Exif()
    exif[0x0112] = 6
    found = [_encoded(image, kind) for kind in IMAGE_KINDS]
    more = [_encoded(image, "JPEG", exif=exif, progressive=True), _encoded(image.convert("CMYK"), "JPEG")]
    more += [_encoded(image.convert("I;16"), "PNG"), _encoded(image.convert("P"), "PNG", interlace=1)]
    return [*found, *more, _encoded(image, "GIF", save_all=True, append_images=[image.rotate(9)])]


def _encoded(image: Pillow.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def zips() -> list[bytes]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("photos/a.jpg", pictures()[0])
        archive.writestr("photos/b.png", pictures()[1])
        archive.writestr("labels/a.xml", voc()[0])
        archive.writestr("classes.txt", "bb8\nr2\n")
    return [buffer.getvalue()]


def tars() -> list[bytes]:
    return [_tar(extractor, prefix) for extractor, prefix in EXTRACTORS]


def zoo_zips() -> list[bytes]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, tarfile.open(fileobj=io.BytesIO(tars()[0])) as held:
        for info in held:
            content = held.extractfile(info)
            archive.writestr(info.name, content.read() if content else b"")
    return [buffer.getvalue()]


def _tar(extractor: str, prefix: str) -> bytes:
    files = {
        "pipeline.config": PIPELINE % extractor,
        f"{prefix}.index": "index",
        f"{prefix}.data-00000-of-00001": "data",
    }
    files |= {"label_map.pbtxt": pbtxt()[0].decode(), "saved_model/saved_model.pb": "graph"}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as out:
        for name, text in files.items():
            info = tarfile.TarInfo(f"detector/{name}")
            info.size = len(text)
            out.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def videos() -> list[bytes]:
    return list(_films())


def _films() -> Iterator[bytes]:
    import cv2
    import numpy

    for suffix, codec in VIDEO_CODECS.items():
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / f"film{suffix}")
            writer = cv2.VideoWriter(path, cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), 10, (64, 48))
            for number in range(8):
                writer.write(numpy.full((48, 64, 3), 25 * number, numpy.uint8))
            writer.release()
            yield Path(path).read_bytes()
