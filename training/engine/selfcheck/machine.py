"""Memory, disk and processors, and what TensorFlow and onnxruntime make of them. TensorFlow must be importable."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psutil

from training.engine.selfcheck.findings import FAILED, OK, WARNING, Finding

GIB = 2**30
LEAST_MEMORY = 2 * GIB  # what a small model needs to train; about 3 GiB is comfortable
REMOTE = ("AzureExecutionProvider",)  # listed by every build, but computes somewhere else
LEAST_DISK, COMFORTABLE_DISK = 1 * GIB, 5 * GIB


def memory() -> Finding:
    found = psutil.virtual_memory()
    sentence = f"{found.available / GIB:.1f} of {found.total / GIB:.1f} GiB of memory are free"
    if found.available < LEAST_MEMORY:
        return Finding("memory", WARNING, f"{sentence}; training needs about 2, end other programs first.")
    return Finding("memory", OK, f"{sentence}, and {os.cpu_count()} processors.")


def disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    sentence = f"{free / GIB:.1f} GiB are free where runs are kept"
    if free < LEAST_DISK:
        return Finding("disk", FAILED, f"{sentence}; a run needs at least one, free some space.")
    if free < COMFORTABLE_DISK:
        return Finding("disk", WARNING, f"{sentence}; a few runs will fill that, free some space.")
    return Finding("disk", OK, f"{sentence}.")


def gpu() -> Finding:
    """The GPUs that TensorFlow sees, by name and memory."""
    import tensorflow as tf

    seen = tf.config.list_physical_devices("GPU")
    cards = nvidia_cards()
    if seen:
        names = [device_name(tf, device) for device in seen]
        memory_said = f" ({'; '.join(cards)})" if cards else ""
        return Finding("gpu", OK, f"TensorFlow sees {len(seen)} GPU: {', '.join(names)}{memory_said}.")
    if cards:
        sentence = (
            f"The machine has a GPU ({'; '.join(cards)}), but TensorFlow does not see it; run SW_GPU=1 make setup."
        )
        return Finding("gpu", WARNING, sentence)
    return Finding("gpu", OK, "No GPU is seen; training runs on the processors.")


def device_name(tf: Any, device: Any) -> str:
    return str(tf.config.experimental.get_device_details(device).get("device_name", device.name))


def nvidia_cards() -> list[str]:
    """Name and memory of each card, from the driver's own tool; empty without one."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    argv = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()] if done.returncode == 0 else []


def onnx_providers() -> Finding:
    """Where onnxruntime can compute."""
    import onnxruntime
    import tensorflow as tf

    found = onnxruntime.get_available_providers()
    names = ", ".join(name.removesuffix("ExecutionProvider") for name in found if name not in REMOTE)
    if "CPUExecutionProvider" not in found:
        return Finding("onnxruntime", FAILED, f"onnxruntime has no CPU provider (only {names}); run make setup.")
    if tf.config.list_physical_devices("GPU") and "CUDAExecutionProvider" not in found:
        sentence = f"onnxruntime computes on {names} only, so detection leaves the GPU idle; run SW_GPU=1 make setup."
        return Finding("onnxruntime", WARNING, sentence)
    return Finding("onnxruntime", OK, f"onnxruntime {onnxruntime.__version__} computes on {names}.")
