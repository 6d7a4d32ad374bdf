"""Garbage is looked for less often while a large work runs, and as before afterwards."""

import gc

import pytest

from sw_site.gunicorn_config import post_worker_init
from sw_site.lib.collector import SELDOM, fewer_collections


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
