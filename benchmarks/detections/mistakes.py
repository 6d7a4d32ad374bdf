"""How many of the images with a wrong label come in the first tenth of the queue.

    python -m benchmarks.detections.mistakes [--data DIR] [--model NAME]... [--images 400] [--rounds 5]

A detector says what it sees on images it was not trained on. Then a tenth of the images that have labels get one error
each, a third of them each kind: a label left out, one of another class (where there is one), one moved by a third to
two thirds of its size. The queue is made from labels and predictions as the site makes it, and the first tenth of all
images in its order is compared with what was spoilt; that is done `--rounds` times with other errors.

Without `--model`: a detector that is first trained on drawn images, of whose labels a tenth is wrong as well (about ten
minutes on two cores; DIR keeps it), and 400 drawn images of another seed. With `--model`: models of the site in DIR,
each on the val and test images of its version. Prints one line of JSON a model.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from typing import Any

from benchmarks.detections.seeded_errors import KINDS, Image, drawn_images, held_out_images, spoilt, trained_model

FIRST = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="", help="The DATA_DIR. Default: a new one, gone afterwards.")
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--drawn", action="store_true", help="Ask the models about drawn images instead.")
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = options.data or stack.enter_context(tempfile.TemporaryDirectory())
        os.environ |= {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "sw_site.settings", "SW_DEBUG": "0"}
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        from training.models import TrainedModel

        models = [TrainedModel.objects.get(name=name) for name in options.model] or [trained_model()]
        for model in models:
            drawn = options.drawn or not options.model
            images = drawn_images(model, options.images) if drawn else held_out_images(model)
            print(
                json.dumps({"model": model.name, **measure(images, sorted(model.label_map), options.rounds)}),
                flush=True,
            )


def measure(images: list[Image], classes: list[int], rounds: int) -> dict[str, Any]:
    from detections.metrics.doubts import find_doubts
    from detections.metrics.matching import match
    from detections.metrics.table import make_table
    from detections.metrics.values import ImageResult

    shares, found, all_of, seconds = [], Counter[str](), Counter[str](), []
    clean = make_table([ImageResult.build(n, image.labels, image.seen) for n, image in enumerate(images)])
    for number in range(rounds):
        labels, errors = spoilt(images, classes, random.Random(number))
        table = make_table([ImageResult.build(n, labels[n], image.seen) for n, image in enumerate(images)])
        start = time.perf_counter()
        doubts, _ = find_doubts(table)
        seconds.append(time.perf_counter() - start)
        order = list(dict.fromkeys(doubt.image for doubt in doubts))
        first = set(order[: round(FIRST * len(images))])
        shares.append(sum(image in first for image in errors) / len(errors))
        all_of.update(errors.values())
        found.update(kind for image, kind in errors.items() if image in first)
    return {
        "images": len(images),
        "labels": clean.objects,
        "recall_at_iou_50": round(float((match(clean).box >= 0).mean()), 3),
        "found_in_first_tenth": round(sum(shares) / rounds, 3),
        "rounds": [round(share, 3) for share in shares],
        "by_kind": {kind: f"{found[kind]} of {all_of[kind]}" for kind in KINDS if all_of[kind]},
        "seconds": round(sorted(seconds)[rounds // 2], 2),
    }


if __name__ == "__main__":
    main()
