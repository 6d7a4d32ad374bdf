"""Stands in for training/engine: the same arguments, files, events and exit codes, no TensorFlow, done in a moment.

It is told to misbehave by the run's name in run.json: "… crash", "… nan", "… refuse", "… oom", "… hang", "… no-graph",
"… die-once" (killed after the first checkpoint, whole on the second start), "… die" (killed each time), "… heal-nan"
and "… heal-oom" (goes wrong once, goes back to its newest checkpoint and ends well), "… wait" (until told to finish).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType


class FakeEngine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.request = json.loads((folder / "run.json").read_text())
        self.dataset = json.loads((folder / "dataset.json").read_text())
        self.steps = self.request["train"]["steps"]
        self.every = self.request["train"]["evaluate_every"]
        self.events = (folder / "events.jsonl").open("a")
        self.asked_to_stop = False
        signal.signal(signal.SIGTERM, self.on_signal)

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop = True

    def told_to(self, word: str) -> bool:
        return f" {self.request['name']}".endswith(f" {word}")

    def write(self, kind: str, **values: object) -> None:
        self.events.write(json.dumps({"time": time.time(), "type": kind, **values}) + "\n")
        self.events.flush()

    def fail(self, code: str, sentence: str, status: int) -> int:
        self.write("error", code=code, message=sentence)
        self.write("state", state="failed", message=sentence)
        return status

    def train(self) -> int:
        print("fake engine: training", flush=True)
        self.write("state", state="starting", message="Loading TensorFlow.")
        if self.told_to("refuse"):
            return self.fail("bad_request", "The start does not fit; choose another one.", 4)
        start = self.newest_checkpoint()
        self.write("state", state="training", message=f"Training from step {start} of {self.steps}.")
        step, last = start, self.steps
        while step < last:
            step += 1
            if self.asked_to_stop or (self.folder / "cancel").exists():
                return self.leave(step - 1)
            self.step(step)
            if (status := self.misbehave(step)) is not None:
                return status
            if self.told_to("wait") and not (self.folder / "finish").exists():
                if not self.newest_checkpoint():
                    self.save("checkpoints", step)
                step = max(step - 1, 1)
                signal.sigtimedwait([], 0.01)
                continue
            if (self.folder / "finish").exists():
                last = step
            if step % self.every == 0 or step == last:
                self.evaluate(step)
            step = self.heal(step)
        self.export("onnx", self.folder / "exports" / "onnx")
        self.write("result", steps=last, best=self.best(), val={"ap": 0.5, "ap50": 0.9}, seconds=1.0)
        self.write("state", state="done", message=f"Trained {last} steps.")
        return 0

    def step(self, step: int) -> None:
        loss = {"total": 2 / step, "localization": 0.5 / step, "classification": 1 / step, "regularization": 0.5 / step}
        self.write("step", step=step, loss=loss, learning_rate=0.02, steps_per_second=4.0, memory_mb=100.0)

    def misbehave(self, step: int) -> int | None:
        if self.told_to("crash"):
            print("tensorflow.errors.ResourceExhaustedError: OOM when allocating tensor", flush=True)
            return 1
        if self.told_to("nan"):
            return self.fail("nan_loss", "The loss is no longer a number at step 1; lower the learning rate.", 4)
        if self.told_to("die-once") and step > self.every and not (self.folder / "died").exists():
            (self.folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if self.told_to("die") and step > self.every:
            os.kill(os.getpid(), signal.SIGKILL)
        while self.told_to("hang") and not self.asked_to_stop:
            signal.sigtimedwait([], 0.01)
        return None

    def heal(self, step: int) -> int:
        """The step to go on from: an earlier one when it went wrong here for the first time."""
        reason = {"heal-nan": "nan_loss", "heal-oom": "out_of_memory"}.get(self.request["name"].rsplit(" ")[-1])
        if reason is None or step <= self.every or (self.folder / "recovery.json").exists():
            return step
        back = self.newest_checkpoint()
        (self.folder / "recovery.json").write_text("{}")
        said = f"It went wrong at step {step}: going on from step {back}."
        values = {"learning_rate": 0.002, "batch_size": 4, "message": said}
        self.write("retry", reason=reason, failed_step=step, step=back, **values)
        self.write("state", state="restoring", message=said)
        return back

    def newest_checkpoint(self) -> int:
        return max((int(path.stem.split("-")[1]) for path in self.folder.glob("checkpoints/*.index")), default=0)

    def save(self, folder: str, step: int) -> None:
        (self.folder / folder).mkdir(exist_ok=True)
        for part in ("index", "data-00000-of-00001"):
            (self.folder / folder / f"ckpt-{step}.{part}").touch()

    def leave(self, step: int) -> int:
        self.save("checkpoints", step)
        self.write("state", state="cancelled", message="Stopped as asked; what was learnt is saved.")
        return 3

    def evaluate(self, step: int) -> None:
        self.save("checkpoints", step)
        ap = round(0.5 * step / self.steps, 4)
        self.save("best", step)
        (self.folder / "best" / "best.json").write_text(json.dumps({"step": step, "ap": ap, "ap50": ap + 0.4}))
        names = [row["name"] for row in self.dataset["classes"]]
        per_class = {name: {"ap": ap, "ap50": ap + 0.4} for name in names}
        found = [
            {"id": image["id"], "detections": [[10.0, 20.0, 90.0, 80.0, 1, 0.9], [0.0, 0.0, 5.0, 5.0, 2, 0.1]]}
            for image in self.dataset["images"]
            if image["split"] == "val"
        ]
        (self.folder / "eval").mkdir(exist_ok=True)
        document = {"format": 1, "step": step, "ap": ap, "ap50": ap + 0.4, "images": found}
        (self.folder / "eval" / f"detections-{step}.json").write_text(json.dumps(document))
        self.write("eval", step=step, ap=ap, ap50=ap + 0.4, ap75=None, per_class=per_class, best=True, seconds=0.1)

    def trial(self) -> int:
        if self.told_to("trial") and self.request["train"]["batch_size"] == 13:
            return self.fail("out_of_memory", "The memory is full; start the run again with half the batch size.", 4)
        (self.folder / "samples").mkdir()
        (self.folder / "samples" / "1.jpg").write_bytes(b"a picture")
        (self.folder / "defaults.config").write_text("a: 1\nbatch_size: 8\n")
        (self.folder / "pipeline.config").write_text(f"a: 1\nbatch_size: {self.request['train']['batch_size']}\n")
        report = {"seconds_per_step": 0.25, "steps": 20, "batch_size": 8, "samples": 1, "memory_mb": 900}
        (self.folder / "trial.json").write_text(json.dumps(report))
        return 0

    def best(self) -> dict[str, float]:
        return json.loads((self.folder / "best" / "best.json").read_text())

    def export(self, format: str, output: Path) -> None:
        if self.told_to("no-graph"):
            return
        self.write("state", state="exporting", message=f"Exporting the model as {format}.")
        output.mkdir(parents=True, exist_ok=True)
        (output / "label_map.pbtxt").write_text("item { }\n")
        if format == "onnx":
            (output / "model.onnx").write_bytes(b"graph")
            about = {"format": 1, "input_size": 320, "classes": self.dataset["classes"], "sha256": "a" * 64}
            (output / "model.json").write_text(json.dumps(about))
        self.write("export", format=format, path=str(output), max_box_difference=1e-7, max_score_difference=2e-7)


def main(argv: list[str]) -> int:
    engine = FakeEngine(Path(argv[1]))
    if argv[0] == "train":
        return engine.train()
    if argv[0] == "trial":
        return engine.trial()
    if argv[0] == "records":
        (engine.folder / "records.json").write_text("{}")
        return 0
    options = dict(zip(argv[2::2], argv[3::2], strict=True))
    if engine.told_to("no-export"):
        return engine.fail("export_mismatch", "The export does not answer like its checkpoint; it was not kept.", 4)
    engine.export(options["--format"], Path(options["--output"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
