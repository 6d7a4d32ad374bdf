"""The pictures of README.md and docs, made anew: `make pictures`.

The first day of docs/first-day.md is followed in headless Chromium, and what the screen showed becomes the pictures.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.e2e.conftest import ROOT

FOLDER = ROOT / "docs" / "images"
#: Screens of the first day, by the step after which they were taken.
PICTURES = {"grid": 1, "editor": 3, "run": 10, "evaluation": 11}


def main() -> None:
    with tempfile.TemporaryDirectory() as work:
        command = [sys.executable, "-m", "pytest", "-q", "tests/e2e/test_first_day.py"]
        subprocess.run(command, cwd=ROOT, env={**os.environ, "SW_SCREENSHOTS": work}, check=True)
        for name, step in PICTURES.items():
            with Image.open(Path(work) / f"first-day-{step:02}.png") as picture:
                picture.convert("RGB").save(FOLDER / f"{name}.jpg", quality=85, optimize=True)


if __name__ == "__main__":
    main()
