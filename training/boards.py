"""TensorBoards for runs: started when somebody looks, shared by those who look at the same runs, ended when idle."""

from __future__ import annotations

import fcntl
import http.client
import json
import logging
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse

from sw_site.lib.errors import UserError
from sw_site.lib.files.where import StoreGone, bucket
from sw_site.lib.process import VARIABLE
from training.models import Run
from training.sharing.places import run_files_of

logger = logging.getLogger(__name__)
START_SECONDS = 60
MOST_BOARDS = 4
MOST_RUNS = 10
ANSWER_SECONDS = 60
#: Folders of a run that TensorBoard reads.
SUMMARIES = ("train", "eval")
#: Of what TensorBoard answers, the headers a browser needs; its own content security policy is among them.
PASSED_ON = ("Content-Type", "Content-Encoding", "Content-Security-Policy", "Cache-Control", "Expires")


@dataclass(frozen=True)
class Board:
    """A TensorBoard by the random word in its address; `runs` are the numbers of the runs it shows."""

    key: str
    note: Path
    runs: tuple[int, ...]
    port: int | None

    @property
    def prefix(self) -> str:
        return prefix_of(self.key)

    @property
    def answers(self) -> bool:
        if self.port is None:
            return False
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.connect()
        except OSError:
            return False
        finally:
            connection.close()
        return True


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def folder() -> Path:
    path = Path(settings.RUNS_ROOT).parent / "tensorboard"
    path.mkdir(parents=True, exist_ok=True)
    return path


def prefix_of(key: str) -> str:
    return reverse("training:board", args=[key]).rstrip("/")


def boards() -> list[Board]:
    """Those that somebody has asked for, the one that was looked at last first."""
    found = []
    for note in folder().glob("*.json"):
        with suppress(OSError, ValueError, KeyError):
            about = json.loads(note.read_text())
            found.append((note.stat().st_mtime, Board(note.stem, note, tuple(about["numbers"]), about.get("port"))))
    return [board for _, board in sorted(found, key=lambda pair: -pair[0])]


def board_of(key: str) -> Board | None:
    return next((board for board in boards() if board.key == key), None)


def open_board(runs: Sequence[Run]) -> Board:
    """A TensorBoard that shows these runs and answers; started unless there is one. UserError when it cannot be."""
    if not 1 <= len(runs) <= MOST_RUNS:
        raise UserError("bad_runs", f"Choose from 1 to {MOST_RUNS} runs to look at together.", 422)
    numbers = tuple(sorted(run.pk for run in runs))
    bring_summaries(numbers)
    with (folder() / "lock").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        present = [board for board in boards() if board.runs == numbers]
        for board in present:
            if board.answers:
                board.note.touch()
                return board
            board.note.unlink(missing_ok=True)
        for old in boards()[MOST_BOARDS - 1 :]:
            old.note.unlink(missing_ok=True)  # its process sees that and ends
        for links in folder().glob("*.runs"):  # of a process that was killed
            if not links.with_suffix(".json").exists():
                shutil.rmtree(links, ignore_errors=True)
                links.with_suffix(".brought").unlink(missing_ok=True)
        return start(runs, numbers)


def start(runs: Sequence[Run], numbers: tuple[int, ...]) -> Board:
    key = secrets.token_hex(12)
    note = folder() / f"{key}.json"
    folders = {f"run-{run.pk}/{part}": str(run.directory / part) for run in runs for part in SUMMARIES}
    note.write_text(json.dumps({"runs": folders, "numbers": numbers, "prefix": prefix_of(key)}))
    environment = {**os.environ, VARIABLE: str(os.getpid())}
    with (folder() / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "training.board_child", str(note)],
            cwd=settings.BASE_DIR, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        board = board_of(key)
        if board and board.answers:
            return board
        time.sleep(0.05)
    process.kill()
    note.unlink(missing_ok=True)
    raise UserError(
        "no_tensorboard",
        f"TensorBoard did not start; {folder() / 'log.txt'} says why. The curves are on the run's page meanwhile.",
        503,
    )


def keep_up(board: Board) -> None:
    """Bring what runs on other machines have written meanwhile, now and then."""
    last = board.note.with_suffix(".brought")
    if bucket() and (not last.exists() or time.time() - last.stat().st_mtime > settings.SHARE_RUNS_SECONDS):
        last.touch()
        bring_summaries(board.runs)


def bring_summaries(numbers: tuple[int, ...]) -> None:
    for number in numbers:
        try:
            run_files_of(number).bring(*SUMMARIES)
        except StoreGone as error:  # it shows what is here
            logger.warning("The curves of run %s are shown as they lie here: %s", number, error)


def ask(board: Board, method: str, path: str, body: bytes, headers: Mapping[str, Any]) -> Answer:
    """What TensorBoard answers to a request; OSError when it has ended."""
    board.note.touch()
    keep_up(board)
    connection = http.client.HTTPConnection("127.0.0.1", board.port, timeout=ANSWER_SECONDS)
    try:
        connection.request(method, path, body or None, dict(headers))
        response = connection.getresponse()
        kept = {name: value for name in PASSED_ON if (value := response.getheader(name))}
        return Answer(response.status, kept, response.read())
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()
