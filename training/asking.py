"""A question to the engine that it answers by printing: a child process for as long as it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from sw_site.lib.errors import UserError
from training.children import hidden_files
from training.engine import containment, parent, runner


def ask_engine(*arguments: str, refused: str, seconds: float) -> dict[str, Any]:
    """The JSON that `python -m training.engine ARGUMENTS` prints.

    UserError with the engine's own sentence and the code `refused` where it refuses; others when it fails or is silent
    for `seconds`.
    """
    argv = [sys.executable, "-m", "training.engine", *arguments]
    environment = containment.environment({containment.HIDE: hidden_files(), parent.VARIABLE: str(os.getpid())})
    try:
        answer = subprocess.run(argv, cwd=runner.ROOT, env=environment, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise UserError("engine_silent", "The engine did not answer in time. Try again later.", 503) from error
    if answer.returncode == runner.DONE:
        return dict(json.loads(answer.stdout))
    lines = [line for line in answer.stderr.splitlines() if line.strip()]
    if answer.returncode == runner.REFUSED and lines:
        raise UserError(refused, lines[-1], 422)
    said = lines[-1] if lines else f"exit code {answer.returncode}"
    raise UserError("engine_failed", f"The engine could not read the config ({said}). Run manage.py engine_check.", 500)
