"""Row numbers come again in every test, and files are named by them: each test has its own folders."""

import pytest


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path_factory):
    site = tmp_path_factory.mktemp("site")
    settings.MEDIA_ROOT = site / "media"
    settings.RUNS_ROOT = site / "runs"
