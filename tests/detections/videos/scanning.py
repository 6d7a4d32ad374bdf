"""Whole videos through the process that reads them, and films that ffmpeg makes for the tests."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from datasets.sources.frames import Film
from detections.models import VideoScan
from detections.videos.actions import start_video
from sw_site.jobs.models import Job
from tests.detections.builders import finish
from training.models import TrainedModel

#: Detectors of these tests see something where a frame is brighter; `flashing` films are black or white.
BRIGHT = 0.5
HEARD = 0.1


def scanned(model: TrainedModel, path: Path, **options) -> tuple[VideoScan, Job]:
    upload = SimpleUploadedFile(path.name, path.read_bytes())
    scan = start_video(model, upload, None, **options)
    job = finish(scan.job)
    scan.refresh_from_db()
    return scan, job


def annotated(scan: VideoScan) -> Path:
    return Path(default_storage.path(scan.annotated))


def frames_of(scan: VideoScan) -> list[tuple[int, float]]:
    return list(Film(annotated(scan)).times())


def spans(scan: VideoScan) -> list[tuple[float, float]]:
    return [(span["start"], span["end"]) for span in scan.summary["spans"]]


def flashing(begin: float, end: float, seconds: float, more: str = "") -> list[str]:
    """Input of ffmpeg: a black film of 10 frames a second that is white for some time."""
    white = f"drawbox=color=white:t=fill:enable='between(t,{begin - 0.01},{end - 0.01})'"
    return ["-f", "lavfi", "-i", f"color=black:s=160x120:r=10:d={seconds},{white}{more}"]


def beeping(begin: float, end: float, seconds: float) -> list[str]:
    """Input of ffmpeg: silence with a tone in it."""
    tone = f"if(between(t,{begin},{end}),0.5*sin(880*PI*t),0)"
    return ["-f", "lavfi", "-i", f"aevalsrc='{tone}':s=48000:d={seconds}"]


def ffmpeg(*words: object) -> bytes:
    done = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, words)], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def seen(path: Path) -> tuple[float, float]:
    """First and last time at which a film is white, in seconds."""
    film = Film(path)
    times = [seconds for _, seconds in film.times() if np.asarray(film.picture()).mean() > 255 * BRIGHT]
    return times[0], times[-1]


def heard(path: Path) -> tuple[float, float]:
    """First and last time at which there is a tone in the sound of a file, in seconds of the file."""
    raw = ffmpeg("-i", path, "-map", "0:a", "-af", "aresample=8000:async=1:first_pts=0", "-ac", 1, "-f", "f32le", "-")
    loud = np.flatnonzero(np.abs(np.frombuffer(raw, np.float32)) > HEARD)
    assert loud.size, "there is no sound"
    return loud[0] / 8000, loud[-1] / 8000
