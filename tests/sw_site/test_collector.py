"""Garbage is looked for less often while a large work runs, and as before afterwards."""

import gc
import subprocess
import sys

import pytest

from sw_site.gunicorn_config import post_worker_init
from sw_site.lib.collector import SELDOM, fewer_collections
from sw_site.settings import BASE_DIR


def test_the_usual_setting_comes_back_when_the_last_block_ends():
    usual = gc.get_threshold()
    with fewer_collections():
        with fewer_collections():
            assert gc.get_threshold() == SELDOM
        assert gc.get_threshold() == SELDOM
    assert gc.get_threshold() == usual


def test_it_comes_back_after_an_error_too():
    usual = gc.get_threshold()
    with pytest.raises(ZeroDivisionError), fewer_collections():
        raise ZeroDivisionError
    assert gc.get_threshold() == usual


def test_a_web_process_does_not_look_through_what_it_has_loaded():
    try:
        post_worker_init(None)
        assert gc.get_freeze_count() > 10 * len(gc.get_objects())
    finally:
        gc.unfreeze()


def test_what_pages_are_made_of_may_be_forked():
    """A library with threads of its own would be broken in the web processes, which part after loading."""
    code = (
        "import os, sys; import sw_site.wsgi; from sw_site.gunicorn_config import load_pages; load_pages(); "
        "print([name for name in ('onnxruntime', 'tensorflow', 'cv2') if name in sys.modules]); "
        "child = os.fork(); child or sys.exit(0); print(os.waitstatus_to_exitcode(os.wait()[1]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=BASE_DIR)
    assert done.stdout.split("\n")[-3:-1] == ["[]", "0"], done.stdout + done.stderr
