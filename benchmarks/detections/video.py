"""A video through a model, beside its parts measured apart: decoding, detecting, encoding.

    python -m benchmarks.detections.video MODEL_FOLDER VIDEO [--repeat 1] [--long 0]

MODEL_FOLDER is an export (runs/N/exports/onnx). The parts and the whole run in turn in one process on the same frames;
`ratio` is the speed of the whole over that of the parts together (1 / the sum of their times). With `--long N` the
video is written N times over into one file first, and `memory_mb` is the peak of the process that scans it, beside that
of the process that scans it once.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from datasets.sources.frames import Film
from detections.videos.scan import AT_ONCE, Recorder, Scan, usual_rate
from detections.videos.tracking import Tracker
from training.engine.predictor import get_predictor

NAMES = {number: f"class {number}" for number in range(1, 100)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("video", type=Path)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--long", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rounds = [measure(options.model, options.video, Path(folder)) for _ in range(options.repeat)]
        result = {**sorted(rounds, key=lambda row: row["ratio"])[len(rounds) // 2], "repeat": options.repeat}
        if options.long:
            long = repeated(options.video, options.long, Path(folder) / "long.avi")
            short = repeated(options.video, 4, Path(folder) / "short.avi")
            result["memory_mb"] = {
                f"{times} times": peak(options.model, file, Path(folder))
                for times, file in ((4, short), (options.long, long))
            }
        print(json.dumps(result))


def measure(model: Path, video: Path, folder: Path) -> dict[str, Any]:
    predictor = get_predictor(model)
    start = time.perf_counter()
    film = Film(video)
    pictures = [(seconds, picture) for _, seconds in film.times() if (picture := film.picture())]
    decode = time.perf_counter() - start
    predictor.predict([picture for _, picture in pictures[:AT_ONCE]])  # warm
    start = time.perf_counter()
    for first in range(0, len(pictures), AT_ONCE):
        predictor.predict([picture for _, picture in pictures[first : first + AT_ONCE]])
    detect = time.perf_counter() - start
    start = time.perf_counter()
    recorder = Recorder(folder / "apart.webm", usual_rate(film.rate), pictures[0][1].size)
    for seconds, picture in pictures:
        recorder.add(seconds, picture)
    recorder.close()
    encode = time.perf_counter() - start
    start = time.perf_counter()
    scan = Scan(Film(video), predictor, NAMES, 0.5, Tracker(0.5))
    *_, last = scan.run(folder / "whole.webm", folder / "whole.jsonl")
    whole = time.perf_counter() - start
    assert last["summary"]["frames"] == len(pictures)
    return {
        "frames": len(pictures),
        "size": pictures[0][1].size,
        "decode_s": round(decode, 2),
        "detect_s": round(detect, 2),
        "encode_s": round(encode, 2),
        "whole_s": round(whole, 2),
        "frames_per_second": round(len(pictures) / whole, 1),
        "ratio": round((decode + detect + encode) / whole, 3),
    }


def repeated(video: Path, times: int, output: Path) -> Path:
    """The video so many times over, as Motion JPEG: quick to write, and decoded frame by frame like any other."""
    import cv2

    film = Film(video)
    frames = [cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2BGR) for _ in film.times() if (picture := film.picture())]
    size = (frames[0].shape[1], frames[0].shape[0])
    writer = cv2.VideoWriter(str(output), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), usual_rate(film.rate), size)
    for _ in range(times):
        for frame in frames:
            writer.write(frame)
    writer.release()
    return output


def peak(model: Path, video: Path, folder: Path) -> int:
    """Peak resident memory of the process the site starts, in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    command = [sys.executable, "-m", "detections.videos.scan", str(video), str(model), "--names", json.dumps(NAMES)]
    files = ["--output", str(folder / "long.webm"), "--boxes", str(folder / "long.jsonl"), "--track"]
    subprocess.run([*command, *files], check=True, capture_output=True)
    return max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1000


if __name__ == "__main__":
    main()
