"""One picture through the site, and a batch beside the stock SavedModel called one image at a time.

    python -m benchmarks.detections.detecting RUN_DIR PHOTOS [--images 60] [--rounds 3]

RUN_DIR is a finished run with its checkpoints and its ONNX export, PHOTOS a folder of photographs. `single` is the time
in milliseconds of a request to the API's endpoint for one picture, warm, from the bytes to the JSON (median, 95th
percentile). `batch` is a whole job of the site over a folder: reading, decoding, detecting, copies for the pages, rows.
`stock` is the Object Detection API's own export loaded by TensorFlow, asked with one decoded picture at a time, after
its first answers; reading and decoding are counted there too, keeping results is not. Both use all cores. The sides
take turns, and the ratio is the median of the rounds' own. Prints one line of JSON. Goals: single at most 100 ms, batch
at least 1.5 times the stock's images a second.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.engine.finished_run import ROOT
from benchmarks.engine.predictor import load_stock

SUFFIXES = {".jpg", ".jpeg", ".png"}
WARM_UP = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run_dir", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--images", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stock", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    photos = sorted(path for path in options.photos.rglob("*") if path.suffix.lower() in SUFFIXES)[: options.images]
    if options.stock:
        print(json.dumps(stock_rate(options.stock, photos)))
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "sw_site.settings", "SW_DEBUG": "0"}
        print(json.dumps(measure(options, photos, Path(folder))))


def stock_rate(folder: Path, photos: list[Path]) -> float:
    """Images a second, one at a time."""
    import numpy as np
    from PIL import Image

    detect = load_stock(folder)
    for path in photos[:WARM_UP]:
        detect(np.asarray(Image.open(path).convert("RGB")))
    started = time.perf_counter()
    for path in photos:
        detect(np.asarray(Image.open(path).convert("RGB")))
    return len(photos) / (time.perf_counter() - started)


def measure(options: argparse.Namespace, photos: list[Path], folder: Path) -> dict[str, Any]:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["*"], False
    call_command("migrate", verbosity=0)
    model = make_model(options.run_dir)
    stock, some = folder / "stock", folder / "photos"
    export = (
        "import sys; from pathlib import Path; from benchmarks.engine.predictor import write_stock; "
        "write_stock(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    subprocess.run(
        [sys.executable, "-c", export, str(options.run_dir), str(stock)], cwd=ROOT, check=True, capture_output=True
    )
    some.mkdir()
    for number, path in enumerate(photos):
        shutil.copyfile(path, some / f"{number:04d}{path.suffix}")
    single = sorted(single_times(model, photos))
    rounds = [
        {"stock": ask_stock(options, stock, some), "batch": batch_rate(model, some)} for _ in range(options.rounds)
    ]
    ratio = statistics.median(one["batch"] / one["stock"] for one in rounds)
    rates = {name: round(statistics.median(one[name] for one in rounds), 2) for name in ("stock", "batch")}
    times = {"median": round(statistics.median(single), 1), "p95": round(single[int(0.95 * len(single))], 1)}
    return {"photos": len(photos), "single_ms": times, "images_a_second": rates, "ratio": round(ratio, 2)}


def make_model(run_dir: Path) -> Any:
    """A model of the registry with this run's export."""
    from tests.factories import make_model as make

    model = make()
    shutil.copytree(run_dir / "exports" / "onnx", model.detector_folder, dirs_exist_ok=True)
    rows = json.loads((model.detector_folder / "model.json").read_text())["classes"]
    model.classes = {str(row["id"]): row["name"] for row in rows}
    model.save()
    return model


def single_times(model: Any, photos: list[Path]) -> list[float]:
    """Milliseconds of requests with one picture each."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.test import Client
    from django.urls import reverse

    from tests.factories import make_user

    client, url = Client(), reverse("api-1:detect", args=[model.pk])
    client.force_login(make_user("benchmark", is_staff=True, is_superuser=True))
    taken = []
    for number, path in enumerate([*photos[:WARM_UP], *photos]):
        image = SimpleUploadedFile(path.name, path.read_bytes())
        started = time.perf_counter()
        answer = client.post(url, {"image": image})
        if number >= WARM_UP:
            taken.append((time.perf_counter() - started) * 1000)
        assert answer.status_code == 200, answer.content
    return taken


def batch_rate(model: Any, folder: Path) -> float:
    """Images a second of a whole job."""
    from detections.actions import start_folder_batch
    from sw_site.jobs.queue import run_here

    batch = start_folder_batch(model, str(folder), None)
    assert batch.job is not None
    started = time.perf_counter()
    done = run_here(batch.job)
    seconds = time.perf_counter() - started
    assert done.state == "succeeded" and done.result, done.error
    return int(done.result["images"]) / seconds


def ask_stock(options: argparse.Namespace, stock: Path, folder: Path) -> float:
    argv = [sys.executable, "-m", "benchmarks.detections.detecting", str(options.run_dir), str(folder)]
    argv += ["--images", str(options.images), "--stock", str(stock)]
    done = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    main()
