"""TensorBoard itself, in a process of its own: `python -m training.board_child NOTE`.

NOTE is a JSON file with `runs` ({name: folder}) and `prefix`. The port is written into it, and the process ends when
nobody has touched the file for a while, when the file is gone, or when the web process that started it ends.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
import types
from pathlib import Path

from sw_site.lib.process import die_with_parent

IDLE_SECONDS = 600
LOOK_EVERY_SECONDS = 1.0


def main(note: Path) -> None:
    die_with_parent()
    # Without this module TensorBoard loads the whole of TensorFlow to read a few files.
    sys.modules["tensorboard.compat.notf"] = types.ModuleType("tensorboard.compat.notf")
    from tensorboard import default, program

    wanted = json.loads(note.read_text())
    folder = note.with_suffix(".runs")
    try:
        link(wanted["runs"], folder)
        board = program.TensorBoard(default.get_plugins())
        options = {"logdir": str(folder), "host": "127.0.0.1", "port": 0, "path_prefix": wanted["prefix"]}
        board.configure(**options, load_fast="false", reload_interval=5)
        port = int(board.launch().split(":")[2].split("/")[0])
        part = note.with_suffix(".part")
        part.write_text(json.dumps({**wanted, "port": port}))
        part.replace(note)
        while is_wanted(note):
            time.sleep(LOOK_EVERY_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def link(runs: dict[str, str], folder: Path) -> None:
    """A folder in which each run has its name; what a run has not written yet may come later."""
    for name, target in runs.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)


def is_wanted(note: Path) -> bool:
    try:
        return time.time() - note.stat().st_mtime < IDLE_SECONDS
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    main(Path(sys.argv[1]))
