"""A video through a model, beside its parts measured apart: decoding, detecting, encoding; and one that is hours long.

    python -m benchmarks.detections.video MODEL_FOLDER VIDEO [--repeat 1] [--hours 0]

MODEL_FOLDER is an export (runs/N/exports/onnx). The parts and the whole run in turn in one process on the same frames;
`ratio` is the speed of the whole over that of the parts together (1 / the sum of their times); goal 0.8. With `--hours`
the video, made small, is written over and over into one file of that length at 10 frames a second, and `memory_mb` is
what the process that scans it held at some minutes of the video, and its peak. Goal: no more at its end than 1.1 times
what it held after 5 minutes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from datasets.sources.frames import Film
from detections.videos.scan import AT_ONCE, Recorder, Scan, usual_rate
from detections.videos.tracking import Tracker
from training.engine.predictor import get_predictor

SMALL, RATE, MINUTES = (160, 120), 10, (0.5, 1, 5, 20, 60, 120)
NAMES = {number: f"class {number}" for number in range(1, 100)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("video", type=Path)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--hours", type=float, default=0.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rounds = [measure(options.model, options.video, Path(folder)) for _ in range(options.repeat)]
        result = {**sorted(rounds, key=lambda row: row["ratio"])[len(rounds) // 2], "repeat": options.repeat}
        if options.hours:
            film = long_film(options.video, options.hours, Path(folder) / "long.avi")
            result["hours"] = {"hours": options.hours, **long_scan(options.model, film, Path(folder))}
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


def long_film(video: Path, hours: float, output: Path) -> Path:
    """The video over and over, as Motion JPEG: quick to write, and decoded frame by frame like any other."""
    import cv2

    film = Film(video)
    pictures = [
        cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2BGR) for _ in film.times() if (picture := film.picture())
    ]
    frames = [cv2.resize(picture, SMALL) for picture in pictures]
    writer = cv2.VideoWriter(str(output), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), RATE, SMALL)
    for number in range(round(hours * 3600 * RATE)):
        writer.write(frames[number % len(frames)])
    writer.release()
    return output


def long_scan(model: Path, video: Path, folder: Path) -> dict[str, Any]:
    """Resident memory of the process the site starts, in MB, by minutes of the video; and how long it took."""
    command = [sys.executable, "-m", "detections.videos.scan", str(video), str(model), "--names", json.dumps(NAMES)]
    files = ["--output", str(folder / "long.webm"), "--boxes", str(folder / "long.jsonl"), "--track"]
    files += ["--threshold", "0.1"]  # much to keep: the more boxes, the more tracks and times
    start, held, frames = time.perf_counter(), dict[float, int](), 0
    with subprocess.Popen([*command, *files], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        memory = psutil.Process(process.pid)
        for line in process.stdout:
            said = json.loads(line)
            if "summary" in said:
                frames, summary = said["summary"]["frames"], len(line)
                continue
            now = memory.memory_info().rss // 1_000_000
            for minute in MINUTES:
                if said["frames"] >= minute * 60 * RATE:
                    held.setdefault(minute, now)
            held[0] = max(held.get(0, 0), now)
    assert process.returncode == 0
    seconds, most = time.perf_counter() - start, held.pop(0)
    memory_mb = {**{f"{minute:g} min": value for minute, value in held.items()}, "most": most}
    return {
        "frames": frames,
        "frames_per_second": round(frames / seconds, 1),
        "memory_mb": memory_mb,
        "summary_bytes": summary,
        "goal_met": most <= 1.1 * held[5],
    }


if __name__ == "__main__":
    main()
