"""Real datasets for tests. They are never part of the repository; where they are absent the tests say so and skip."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def sample_data(name: str) -> Path:
    """Folder of the public dataset `name`, from SW_SAMPLE_DATA or from shared/data beside the checkout."""
    folder = Path(os.environ.get("SW_SAMPLE_DATA", ROOT.parent / "shared" / "data")) / name
    if not folder.exists():
        pytest.skip(f"sample data {name!r} is not on this machine; set SW_SAMPLE_DATA to the folder that holds it")
    return folder
