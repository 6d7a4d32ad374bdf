"""How much slower a training step is in the engine than in the API's own `model_lib_v2.train_loop`.

    python benchmarks/engine/overhead.py [--blocks 20] [--steps 10] [--size 320] [--photos 120]

Two processes train the same model from the same records, of photographs of 640 x 480 pixels. They take turns, one
block of steps each, while the other stands still, so that both meet the same machine. The engine's side includes its
progress events, its TensorBoard figures and its look for a stop request; the stock loop runs at its leanest: a whole
block in one call, no images written. Checkpoints and evaluations are left out of both. Prints one JSON object: `ratio`
compares the fastest quarter of the blocks of each side (goal 1.0 or less), `ratio_of_pairs` holds the quartiles over
neighbours.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.engine.evaluation import add_photos  # noqa: E402
from benchmarks.engine.stock import train_loop  # noqa: E402
from tests.training.engine.builders import make_dataset, make_request, make_run  # noqa: E402

WARM_UP_BLOCKS = 1


class Turn:
    """The child's side of taking turns: waits for a line on stdin, answers with the seconds a block took."""

    def __init__(self) -> None:
        self._started: float | None = None

    def block(self) -> None:
        """Called between two blocks; waits here."""
        if self._started is not None:
            print(f"block {time.perf_counter() - self._started}", flush=True)
        if not sys.stdin.readline():
            sys.exit(0)
        self._started = time.perf_counter()


def train_with_engine(run_dir: Path, steps: int) -> None:
    from training.engine import compat

    compat.apply()
    from training.engine import pipeline_config
    from training.engine.cancellation import Cancellation
    from training.engine.dataset import Dataset
    from training.engine.events import EventLog
    from training.engine.loop import Setup, TrainingLoop
    from training.engine.model import Detector, build_model
    from training.engine.request import RunRequest
    from training.engine.rundir import RunDirectory

    turn = Turn()

    class Turns(TrainingLoop):
        def _report(self, *arguments: Any) -> None:
            super()._report(*arguments)
            turn.block()

    run = RunDirectory(run_dir)
    request, pipeline = RunRequest.load(run.request), pipeline_config.read(run)
    model = build_model(pipeline)
    Detector(model, request.model.input_size)
    setup = Setup(keep_images=Setup.can_keep(Dataset.load(run.dataset).split("train")))
    stop = Cancellation(run.cancel, run.finish)
    loop = Turns(run, pipeline, model, request.train, EventLog(run.events), stop, setup)
    loop.prepare()
    turn.block()
    loop.run(request.train.steps)  # reports, and with that ends a block, every `steps` steps


def train_with_stock(run_dir: Path, steps: int) -> None:
    turn = Turn()
    train_loop(run_dir, steps, lambda readings: None if readings % 2 else turn.block())


SIDES: dict[str, Callable[[Path, int], None]] = {"engine": train_with_engine, "stock": train_with_stock}


def measure(run_dir: Path, blocks: int, steps: int) -> dict[str, list[float]]:
    """Seconds of every block after the warm-up, for both sides."""
    children = {side: start(side, run_dir, steps) for side in SIDES}
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    for index in range(blocks + WARM_UP_BLOCKS):
        # Whoever goes first in one round goes last in the next.
        for side in sorted(SIDES, reverse=bool(index % 2)):
            taken = one_block(children[side])
            if index >= WARM_UP_BLOCKS:
                seconds[side].append(taken)
    for child in children.values():
        child.kill()
        child.wait()
    return seconds


def start(side: str, run_dir: Path, steps: int) -> subprocess.Popen[str]:
    argv = [sys.executable, __file__, "--side", side, "--run-dir", str(run_dir), "--steps", str(steps)]
    with (run_dir / f"{side}.log").open("w") as log:
        return subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)


def one_block(child: subprocess.Popen[str]) -> float:
    stdin, stdout = pipe(child.stdin), pipe(child.stdout)
    child.send_signal(signal.SIGCONT)
    stdin.write("go\n")
    stdin.flush()
    for line in stdout:
        if line.startswith("block "):
            # A process that only waits makes its next batches, of which the API's holds many, in the other's time.
            child.send_signal(signal.SIGSTOP)
            return float(line.split()[1])
    raise RuntimeError("a training process ended early; see engine.log and stock.log in the run directory")


def pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def report(seconds: dict[str, list[float]], steps: int) -> dict[str, Any]:
    engine, stock = seconds["engine"], seconds["stock"]
    pairs = [mine / theirs for mine, theirs in zip(engine, stock, strict=True)]
    return {
        "benchmark": "engine_overhead",
        "ratio": round(fastest(engine) / fastest(stock), 4),
        "ratio_of_medians": round(statistics.median(engine) / statistics.median(stock), 4),
        "ratio_of_pairs": [round(ratio, 3) for ratio in statistics.quantiles(pairs, n=4)],
        "engine_seconds_per_step": round(fastest(engine) / steps, 4),
        "stock_seconds_per_step": round(fastest(stock) / steps, 4),
        "blocks": len(engine),
        "steps_per_block": steps,
    }


def fastest(seconds: list[float]) -> float:
    """Mean of the fastest quarter: what the code takes, with the least of what else the machine was doing."""
    quarter = sorted(seconds)[: max(1, len(seconds) // 4)]
    return statistics.fmean(quarter)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=20)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--photos", type=int, default=120)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--run-dir", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        SIDES[options.side](options.run_dir, options.steps)
        return
    with tempfile.TemporaryDirectory() as folder:
        never = 10**5
        settings = make_request(
            steps=never, batch_size=8, evaluate_every=never, checkpoint_every=never, log_every=options.steps
        )
        settings["model"] = {"depth_multiplier": 0.35, "input_size": options.size}
        dataset = make_dataset(Path(folder) / "photos")
        add_photos(dataset, Path(folder) / "photos", options.photos, "train")
        run_dir = make_run(Path(folder) / "run", settings, dataset)
        subprocess.run([sys.executable, "-m", "training.engine", "records", str(run_dir)], cwd=ROOT, check=True)
        print(json.dumps(report(measure(run_dir, options.blocks, options.steps), options.steps)))


if __name__ == "__main__":
    main()
