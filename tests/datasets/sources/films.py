"""Videos that tests write themselves, by the library that reads them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

SIZE = (160, 120)
RATE = 10
CODECS = {".mp4": "mp4v", ".avi": "MJPG", ".mkv": "MJPG", ".mov": "mp4v"}


def pan(count: int, seed: int = 1, step: int = 20) -> list[np.ndarray]:
    """Frames of a camera that moves along a coloured wall: no two of them alike."""
    blocks = np.random.default_rng(seed).integers(0, 255, (12, 16 + count * step // 10, 3), dtype=np.uint8)
    wall = cv2.resize(blocks, (blocks.shape[1] * 10, 120), interpolation=cv2.INTER_CUBIC)
    return [np.ascontiguousarray(wall[:, n * step : n * step + SIZE[0]]) for n in range(count)]


def write_video(path: Path, frames: list[np.ndarray]) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*CODECS[path.suffix]), RATE, SIZE)
    assert writer.isOpened()
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path
