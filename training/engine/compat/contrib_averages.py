"""`tensorflow.contrib.opt.MovingAverageOptimizer`: published configs ask for it unless they say otherwise."""

from __future__ import annotations

from typing import Any

from training.engine.compat.contrib import provide


def make_optimizer_class() -> type:
    """The class, made late because its base comes from TensorFlow."""
    import tensorflow.compat.v1 as tf

    class MovingAverageOptimizer(tf.train.Optimizer):
        """Runs another optimizer and keeps an exponential moving average of every variable it changes."""

        def __init__(
            self,
            opt: Any,
            average_decay: float = 0.9999,
            num_updates: Any = None,
            sequential_update: bool = True,
        ) -> None:
            super().__init__(False, "MovingAverageOptimizer")
            self._optimizer = opt
            # The name it had in contrib, where the library's own test looks for it.
            self._ema = tf.train.ExponentialMovingAverage(average_decay, num_updates=num_updates)
            self._sequential = sequential_update
            self._averaged: list[Any] = []

        def compute_gradients(self, *args: Any, **kwargs: Any) -> Any:
            return self._optimizer.compute_gradients(*args, **kwargs)

        def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
            pairs = list(grads_and_vars)
            trained = self._optimizer.apply_gradients(pairs, global_step=global_step, name=name)
            self._averaged = [variable for gradient, variable in pairs if gradient is not None]
            with tf.control_dependencies([trained] if self._sequential else []):
                averaged = self._ema.apply(self._averaged)
            return tf.group(trained, averaged, name="train_with_averages")

        def swapping_saver(self, var_list: Any = None, name: str = "swapping_saver", **kwargs: Any) -> Any:
            """A Saver whose checkpoints hold the average under the variable's name and the variable under its."""
            if not self._averaged:
                raise RuntimeError("Must call apply_gradients or minimize before creating the swapping_saver")
            stored = {variable.op.name: variable for variable in var_list or tf.global_variables()}
            for variable in self._averaged:
                average = self._ema.average(variable)
                if variable.op.name in stored:
                    stored[variable.op.name], stored[average.op.name] = average, variable
            return tf.train.Saver(stored, name=name, **kwargs)

    return MovingAverageOptimizer


def install() -> None:
    provide("opt", MovingAverageOptimizer=make_optimizer_class())
