"""What a killed process or a full disk leaves among the checkpoints, cleared before a run goes on.

Needs `compat.apply()` first.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import tensorflow as tf


def clear(folder: Path) -> list[str]:
    """Removes half-written checkpoints and puts aside, from the newest on, those that cannot be read; returns these.

    Their files are called `damaged-ckpt-N.…` afterwards. What is left is what TensorFlow's list of checkpoints in the
    folder names, so that a run goes on from the newest one that is whole.
    """
    for rest in folder.glob("*_temp*"):
        shutil.rmtree(rest, ignore_errors=True)
    kept = sorted((path.with_suffix("") for path in folder.glob("ckpt-*.index")), key=step_of)
    removed = []
    while kept and not readable(kept[-1]):
        removed.append(kept.pop().name)
        for file in folder.glob(f"{removed[-1]}.*"):
            file.rename(folder / f"damaged-{file.name}")
    if removed and kept:
        paths = [path.name for path in kept]
        tf.compat.v1.train.update_checkpoint_state(str(folder), paths[-1], all_model_checkpoint_paths=paths)
    elif removed:
        (folder / "checkpoint").unlink(missing_ok=True)
    return removed


def step_of(prefix: Path) -> int:
    number = prefix.name.rpartition("-")[2]
    return int(number) if number.isdigit() else -1


def readable(prefix: Path) -> bool:
    """Whether every tensor of a checkpoint can be read; TensorFlow compares their checksums."""
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)
    except MemoryError:
        raise
    except Exception:  # the reader has one for each kind of damage: IndexError, ValueError, DataLossError
        return False
    return True
