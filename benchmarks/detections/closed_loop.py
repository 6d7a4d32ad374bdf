"""From wrong labels to a compared model by real trainings, through the pages, the worker and the commands of the site.

    python -m benchmarks.detections.closed_loop [--data DIR] [--images 120] [--steps 200] [--size 160] [--answers 60]

Drawn images, a tenth of which get a wrong label (missing, swapped, moved), are frozen and trained on. Trainings in turn
(three folds, one job of a worker) judge all labels; the first questions of the queue are answered by somebody who knows
the truth. Then the page of the loop is pressed until both models are compared on the same test images. Prints what each
step did and took as one line of JSON. With so few steps no model is good: what is shown is that the road is whole.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.detections.seeded_errors import NAME, Label, draw, label_of, seed_errors

ROOT = Path(__file__).resolve().parents[2]
SEED, MODEL, FOLDS = 21, "Before the fixes", 3
SAME = 0.8
Truth = dict[int, list[Label]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="", help="The DATA_DIR. Default: a new one, gone afterwards.")
    parser.add_argument("--images", type=int, default=120)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--answers", type=int, default=60)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = options.data or stack.enter_context(tempfile.TemporaryDirectory())
        os.environ |= {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "sw_site.settings", "SW_DEBUG": "1"}
        import django
        from django.core.management import call_command
        from django.test.utils import setup_test_environment

        django.setup()
        setup_test_environment()
        call_command("migrate", verbosity=0)
        print(json.dumps(tell(options)), flush=True)


def tell(options: argparse.Namespace) -> dict[str, Any]:
    """The whole story; every step checks that it did what the next one needs."""
    from django.core.management import call_command

    from training.models import TrainedModel

    seconds: dict[str, float] = {}
    images = draw(options.images, SEED)
    truth = {row.pk: [label_of(box) for box in row.boxes.select_related("label_class")] for row in images}
    seed_errors(images, random.Random(SEED))
    wrong = differing(truth)
    call_command("create_version", NAME, split="0.6,0.2,0.2", verbosity=0, stdout=sys.stderr)
    recipe = ["--steps", str(options.steps), "--input-size", str(options.size), "--learning-rate", "0.06"]
    with timed(seconds, "train"):
        call_command("train", NAME, "--model", MODEL, *recipe, "--augmentation", "flip", stdout=sys.stderr)
    model = TrainedModel.objects.get(name=MODEL)
    client = signed_in()
    search = searched(client, model, seconds)
    answered(client, search, truth, options.answers)
    fixed = wrong - differing(truth)
    loop = loop_done(client, model, seconds)
    from detections.mistakes.yields import yields

    found = yields(search)[""]
    return {
        "images": options.images,
        "steps": options.steps,
        "wrong_images": len(wrong),
        "suspicions": search.suspicions.count(),
        "judged_images": search.summary["images"],
        "answered": found.judged,
        "mistakes": found.mistakes,
        "fixed_images": len(fixed),
        "broken_images": len(differing(truth) - wrong),
        **loop,
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
    }


class timed:
    """How long a part took, into `seconds`."""

    def __init__(self, seconds: dict[str, float], name: str) -> None:
        self.seconds, self.name = seconds, name

    def __enter__(self) -> None:
        self.start = time.perf_counter()

    def __exit__(self, *exc: object) -> None:
        self.seconds[self.name] = self.seconds.get(self.name, 0.0) + time.perf_counter() - self.start


def signed_in() -> Any:
    from django.contrib.auth import get_user_model
    from django.test import Client

    user = get_user_model().objects.create_superuser("loop", "loop@example.org", "loop")
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return client


def work() -> None:
    """What is queued, by a worker of the site in a process of its own."""
    command = [sys.executable, "manage.py", "worker", "--batch", "--queues", "default,gpu"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)


def searched(client: Any, model: Any, seconds: dict[str, float]) -> Any:
    """The search by folds, asked for on its page and done by a worker."""
    from django.urls import reverse

    from detections.models import MistakeSearch

    form = {"model": model.pk, "dataset": "", "folds": FOLDS}
    assert client.post(reverse("detections:mistake-list"), form).status_code == 302
    with timed(seconds, f"search_{FOLDS}_folds"):
        work()
    search = MistakeSearch.objects.select_related("job").get()
    assert search.job.state == "succeeded", search.job.error
    assert search.fold_runs.count() == FOLDS
    return search


def answered(client: Any, search: Any, truth: Truth, most: int) -> None:
    """Questions of the page, one after the other, by somebody who knows what is on the pictures."""
    from django.urls import reverse

    for _ in range(most):
        card = client.get(search.get_absolute_url()).context["card"]
        if card is None:
            return
        said = "taken" if helps(card.suspicion, truth[card.suspicion.image_id]) else "right"
        answer = client.post(reverse("detections:mistake-answer", args=[card.suspicion.pk]), {"said": said})
        assert answer.status_code == 302


def helps(suspicion: Any, truths: list[Label]) -> bool:
    """Whether what the model says is nearer to the truth than the label is."""
    from detections.mistakes.answers import wanted

    before = [label_of(box) for box in suspicion.image.boxes.select_related("label_class")]
    was = suspicion.was and tuple(suspicion.was[name] for name in ("x1", "y1", "x2", "y2"))
    after = [row for row in before if row[1:] != was]
    box = wanted(suspicion, suspicion.box_id or suspicion.search_id)
    if box is not None:
        number = suspicion.image.dataset.classes.get(pk=box.class_id).number
        after.append((number, box.x1, box.y1, box.x2, box.y2))
    return rightness(after, truths) > rightness(before, truths) + 0.05


def rightness(labels: list[Label], truths: list[Label]) -> float:
    """The overlap of each object with its label of the same class, less one for every label too many."""
    best = [max((iou(label, true) for label in labels if label[0] == true[0]), default=0.0) for true in truths]
    return sum(best) - abs(len(labels) - len(truths))


def iou(first: Label, second: Label) -> float:
    from detections.mistakes.places import overlap

    names = ("x1", "y1", "x2", "y2")
    return overlap(dict(zip(names, first[1:], strict=True)), dict(zip(names, second[1:], strict=True)))


def differing(truth: Truth) -> set[int]:
    """Images of which a label is missing, too many, of another class, or elsewhere."""
    from datasets.models import Box

    labels: Truth = {pk: [] for pk in truth}
    for box in Box.objects.filter(image__in=truth).select_related("label_class"):
        labels[box.image_id].append(label_of(box))
    return {pk for pk, truths in truth.items() if not same(labels[pk], truths)}


def same(labels: list[Label], truths: list[Label]) -> bool:
    matched = all(any(label[0] == true[0] and iou(label, true) >= SAME for label in labels) for true in truths)
    return matched and len(labels) == len(truths)


def loop_done(client: Any, model: Any, seconds: dict[str, float]) -> dict[str, Any]:
    """Presses the loop's button until both models are compared, and opens the comparison."""
    from django.urls import reverse

    from detections.loop import loop_json, loop_of

    url, steps = reverse("detections:loop", args=[model.pk]), []
    while (loop := loop_of(model)).next != "compare":
        steps.append(loop.next)
        assert len(steps) < 6, steps
        assert client.post(url).status_code == 302
        with timed(seconds, f"loop_{loop.next}"):
            work()
    old, new = ({one.id for one in version.manifest().split("test")} for version in (model.run.version, loop.version))
    assert old == new and old, "the test images are not the same"
    assert b"compare" in client.get(url).content and client.get(loop.compare_url).status_code == 200
    document = loop_json(loop)
    figures = {name: {key: document[name][key] for key in ("ap", "ap50")} for name in ("before", "after")}
    return {"loop": [*steps, loop.next], "test_images": len(new), **figures}


if __name__ == "__main__":
    main()
