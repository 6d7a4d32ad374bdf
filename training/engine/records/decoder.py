"""Whether TensorFlow's own decoder takes an image file as it is; it refuses some that Pillow reads."""

from __future__ import annotations

import functools

import tensorflow as tf

REDUCED = 8  # JPEG decoded at an eighth of its side: every coded bit is read, most of the arithmetic is left out


class Decoder:
    """The decoders as a graph with a session of its own, which works in both of TensorFlow's modes."""

    def __init__(self) -> None:
        with tf.Graph().as_default() as graph:
            self._encoded = tf.compat.v1.placeholder(tf.string, [])
            self._images = {
                "jpeg": tf.io.decode_jpeg(self._encoded, channels=3, ratio=REDUCED),
                "png": tf.io.decode_png(self._encoded, channels=3),
            }
        # The CPU alone: a second session would take the whole memory of a GPU.
        self._session = tf.compat.v1.Session(graph=graph, config=tf.compat.v1.ConfigProto(device_count={"GPU": 0}))

    def decodes(self, encoded: bytes, kind: str) -> bool:
        """Whether the bytes decode as `kind`, `jpeg` or `png`."""
        try:
            self._session.run(self._images[kind], {self._encoded: encoded})
        except tf.errors.OpError:
            return False
        return True


@functools.cache
def decoder() -> Decoder:
    return Decoder()


def decodes(encoded: bytes, kind: str) -> bool:
    """`Decoder.decodes` of the one decoder of this process."""
    return decoder().decodes(encoded, kind)
