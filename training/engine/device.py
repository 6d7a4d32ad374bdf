"""What the process trains on: processor, one GPU or several, and in which precision.

One run takes every GPU that CUDA_VISIBLE_DEVICES lets it see; set that variable to give each run its own.
"""

from __future__ import annotations

import resource
from typing import Any

import tensorflow as tf

FLOAT32 = "float32"


def prepare() -> None:
    """Takes GPU memory as it is needed, so that a display or a second process is not starved."""
    for device in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(device, True)


def has_gpu() -> bool:
    return bool(tf.config.list_physical_devices("GPU"))


def choose_strategy(batch_size: int, kind: str = "GPU") -> tf.distribute.Strategy:
    """Shares each batch among as many devices as divide it evenly; the default strategy when that is one."""
    devices = [device.name for device in tf.config.list_logical_devices(kind)]
    count = shares(batch_size, len(devices))
    return tf.distribute.MirroredStrategy(devices[:count]) if count > 1 else tf.distribute.get_strategy()


def shares(batch_size: int, devices: int) -> int:
    """The largest number of devices, at least 1, that a batch can be shared among evenly."""
    return max((count for count in range(1, devices + 1) if batch_size % count == 0), default=1)


def set_precision(wanted: str | None) -> str:
    """Sets the precision of the layers built from now on; returns it.

    None chooses what every visible GPU is quick at. Without a GPU the low precisions are slower than float32.
    """
    chosen = wanted or quickest_precision()
    tf.keras.mixed_precision.set_global_policy(chosen)
    return chosen


def compute_repeatably(wanted: bool | None) -> None:
    """Has every operation add up in the same order each time, where a person asked for it and there is a GPU.

    A CPU does so by itself; a GPU is slower for it, and an operation that cannot do it raises `UnimplementedError`.
    """
    if wanted and has_gpu():
        tf.config.experimental.enable_op_determinism()


def quickest_precision() -> str:
    """bfloat16 needs no loss scaling and is there from compute capability 8.0 on, float16 from 7.0 on."""
    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    return precision_for([detail.get("compute_capability") or (0, 0) for detail in details])


def precision_for(capabilities: list[tuple[int, int]]) -> str:
    if not capabilities or min(capabilities) < (7, 0):
        return FLOAT32
    return "mixed_bfloat16" if min(capabilities) >= (8, 0) else "mixed_float16"


def memory() -> dict[str, Any]:
    """`memory_mb`, the most this process has held so far, and `gpu_memory_mb`, the same on the fullest GPU."""
    used = {"memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}
    names = [gpu.name.rpartition("device:")[2] for gpu in tf.config.list_logical_devices("GPU")]
    peaks = [tf.config.experimental.get_memory_info(name)["peak"] for name in names]
    if peaks:
        used["gpu_memory_mb"] = max(peaks) // 2**20
    return used


def in_float32(values: Any) -> Any:
    """The tensors of a nested structure, low precisions widened: losses and boxes are worked out in float32."""

    def widened(value: Any) -> Any:
        low = tf.is_tensor(value) and value.dtype in (tf.float16, tf.bfloat16)
        return tf.cast(value, tf.float32) if low else value

    return tf.nest.map_structure(widened, values)
