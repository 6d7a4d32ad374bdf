"""What a killed process leaves among the checkpoints."""

from __future__ import annotations

from tests.training.engine.checks.registry import check, new_folder


@check
def a_run_goes_on_from_the_newest_checkpoint_that_is_whole() -> None:
    import tensorflow as tf

    from training.engine.checkpoints import Checkpoints
    from training.engine.rundir import RunDirectory

    def checkpoints(step: tf.Variable) -> Checkpoints:
        model = tf.Module()
        model.weights = tf.Variable(tf.ones([1000]))
        return Checkpoints(run, step, model, tf.Module())

    run, step = RunDirectory(new_folder() / "run"), tf.Variable(0, dtype=tf.int64)
    writing = checkpoints(step)
    for number in (2, 4, 6):
        step.assign(number)
        writing.save()
    data = next(run.checkpoints.glob("ckpt-6.data*"))
    data.write_bytes(data.read_bytes()[:-100])
    index = run.checkpoints / "ckpt-4.index"
    index.write_bytes(index.read_bytes()[:-10])
    for left in (run.checkpoints / "ckpt-8_temp", run.best / "ckpt-8_temp"):
        left.mkdir(parents=True)
        (left / "part-00000-of-00001.data-00000-of-00001").write_bytes(b"half")
    step.assign(0)
    again = checkpoints(step)
    assert again.restore_latest() and int(step) == again.saved_step == 2
    names = sorted(path.name for path in run.checkpoints.iterdir())
    aside = [name for name in names if name.startswith("damaged-")]
    assert [name for name in names if name not in aside] == ["checkpoint", "ckpt-2.data-00000-of-00001", "ckpt-2.index"]
    assert {name.split(".")[0] for name in aside} == {"damaged-ckpt-4", "damaged-ckpt-6"}
    assert not list(run.best.iterdir())
    step.assign(4)
    again.save()
    assert checkpoints(step).saved_step == 4


@check
def nothing_whole_is_a_new_start() -> None:
    import tensorflow as tf

    from training.engine import checkpoint_remains

    folder = new_folder()
    tf.train.CheckpointManager(tf.train.Checkpoint(x=tf.Variable(1.0)), str(folder), 3).save(checkpoint_number=5)
    next(folder.glob("ckpt-5.data*")).unlink()
    assert checkpoint_remains.clear(folder) == ["ckpt-5"]
    assert [path.name for path in folder.iterdir()] == ["damaged-ckpt-5.index"]
    assert checkpoint_remains.clear(folder / "absent") == []
