"""`tensorflow.contrib.image.bipartite_match`, an operation that is gone; the API's matchers import it at start-up."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.engine.compat.contrib import provide

Indices = NDArray[np.int32]


def greedy_match(distances: NDArray[np.float32], rows: int, top_k: int = -1) -> tuple[Indices, Indices]:
    """Pairs rows and columns of [rows, columns] distances, nearest first, each at most once.

    Only the first `rows` rows take part (all of them if negative), and at most `top_k` pairs are made (no limit if
    negative). Returns the column of every row and the row of every column, -1 where there is none.
    """
    height, width = distances.shape
    rows = height if rows < 0 else min(rows, height)
    columns_of, rows_of = np.full(height, -1, np.int32), np.full(width, -1, np.int32)
    left = min(rows, width) if top_k < 0 else min(rows, width, top_k)
    for flat in np.argsort(distances[:rows].ravel(), kind="stable"):
        if left <= 0:
            break
        row, column = divmod(int(flat), width)
        if columns_of[row] < 0 and rows_of[column] < 0:
            columns_of[row], rows_of[column] = column, row
            left -= 1
    return columns_of, rows_of


def bipartite_match(distance_mat: Any, num_valid_rows: Any, top_k: int = -1, name: str | None = None) -> Any:
    """The operation as the API calls it, computed by numpy when the graph runs."""
    import tensorflow as tf

    rows = tf.reshape(tf.cast(num_valid_rows, tf.int32), [])
    return tf.numpy_function(
        lambda distances, count: greedy_match(distances, int(count), top_k),
        [distance_mat, rows],
        [tf.int32, tf.int32],
        name=name,
    )


class ImageOps:
    bipartite_match = staticmethod(bipartite_match)


def install() -> None:
    provide("image.python.ops", image_ops=ImageOps)
