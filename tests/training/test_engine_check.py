"""manage.py engine_check: how findings are told, with a stand-in for the child that makes them."""

import io
import json
import subprocess

import pytest
from django.core.management import CommandError, call_command

from training.management.commands import engine_check

MODULES = {
    "fit": 'print("noise"); print(json.dumps({"check": "gpu", "state": "warning", "sentence": "No GPU."}))',
    "unfit": 'print(json.dumps({"check": "disk", "state": "failed", "sentence": "The disk is full."})); sys.exit(1)',
    "dies": 'print("last words", file=sys.stderr, flush=True); os._exit(139)',
    "hangs": "time.sleep(60)",
}


@pytest.fixture
def check(monkeypatch, tmp_path, settings):
    """Runs the command with one of the stand-ins; returns what it printed."""
    settings.RUNS_ROOT = tmp_path / "runs"
    start = subprocess.Popen

    def run(kind, *arguments):
        def popen(argv, **options):
            return start([argv[0], "-c", f"import json, os, sys, time; {MODULES[kind]}"], **options)

        monkeypatch.setattr(engine_check.subprocess, "Popen", popen)
        out = io.StringIO()
        try:
            call_command("engine_check", *arguments, stdout=out)
        finally:
            assert list(settings.RUNS_ROOT.iterdir()) == []
        return out.getvalue()

    return run


def test_a_fit_machine(check):
    assert check("fit").splitlines() == ["warning  No GPU.", "This machine is ready, with 1 warnings."]


def test_as_json(check):
    found = json.loads(check("fit", "--json").splitlines()[-1])
    assert found == {"ok": True, "findings": [{"check": "gpu", "state": "warning", "sentence": "No GPU."}]}


def test_an_unfit_machine_ends_with_an_error(check, capsys):
    with pytest.raises(CommandError, match="not ready: 1 checks failed"):
        check("unfit")


@pytest.mark.parametrize(("kind", "words"), [("dies", "last words"), ("hangs", "exit code -9")])
def test_a_child_that_does_not_get_to_its_end_is_a_failure(check, kind, words, monkeypatch):
    monkeypatch.setattr(engine_check, "LIMIT", 2 if kind == "hangs" else 600)
    found = []
    monkeypatch.setattr(engine_check.Command, "describe", lambda self, result: found.extend(result["findings"]))
    with pytest.raises(CommandError):
        check(kind)
    assert words in found[0]["sentence"]
