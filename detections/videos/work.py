"""Running a scan: the process, what it says, and the files it leaves."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from PIL import Image as Pillow

from datasets.sources.video import GIF, KINDS, MISSING_SHARE, is_video, lines_of
from detections.video_models import VideoScan
from detections.videos.sound import add_sound
from sw_site.lib.errors import UserError
from sw_site.lib.files.where import put
from training.models import TrainedModel

Step = Callable[[float, float, str], None]


def check_video(path: Path, name: str) -> None:
    """Raises UserError for an empty file, or one that does not begin like a video or a GIF."""
    try:
        head = path.open("rb").read(1024)
    except OSError as error:
        raise UserError(
            "video_not_readable", f"“{name}” cannot be read ({error.strerror}). Check its name, or send it again."
        ) from error
    if not head:
        raise UserError("video_not_readable", f"“{name}” is empty (0 bytes). Send it again.", 422)
    if not (is_video(head) or head.startswith(GIF)):
        raise UserError(
            "video_not_readable", f"“{name}” is of a kind that is not read, or is none. Read are {KINDS}, and GIF.", 422
        )


def is_film(path: Path) -> bool:
    """Whether a file is a video, or a GIF that moves."""
    with suppress(OSError), path.open("rb") as file:
        head = file.read(1024)
        if not head.startswith(GIF):
            return is_video(head)
        with Pillow.open(path, formats=["GIF"]) as picture:
            return getattr(picture, "n_frames", 1) > 1
    return False


def scan_file(
    video: Path, name: str, model: TrainedModel, output: Path, boxes: Path, step: Step, *, threshold: float, track: bool
) -> dict[str, Any]:
    """Look at every frame; gives the summary. The files are whole or not there at all.

    Raises:
        UserError: the video, or the model, cannot be used.
    """
    parts = (output.with_name(f"part-{output.name}"), boxes.with_name(f"part-{boxes.name}"))
    module = [sys.executable, "-m", "detections.videos.scan", str(video.absolute()), str(model.detector_folder)]
    options = ["--output", str(parts[0]), "--boxes", str(parts[1]), "--names", json.dumps(model.label_map)]
    command = [*module, *options, "--threshold", str(threshold), *(["--track"] if track else [])]
    at, frames = 0.0, 0
    try:
        for said in lines_of(command):
            if "error" in said:
                raise UserError("video_not_readable", f"“{name}” {said['error']}", 422)
            if "summary" in said:
                step(0.97, 1, "Looked at every frame")
                parts[0].replace(output)
                parts[1].replace(boxes)
                return said["summary"] | {"classes": named(said["summary"]["classes"], model.label_map)}
            at, frames = said.get("at", at), said.get("frames", frames)
            step(0.97 * at, 1, f"{frames:,} frames")
    finally:
        for part in parts:
            part.unlink(missing_ok=True)
    raise UserError(
        "video_not_readable", f"“{name}” is damaged: the decoder gave up on it. Get a whole copy, or save it again."
    )


def named(classes: list[dict[str, Any]], names: dict[int, str]) -> list[dict[str, Any]]:
    return [{**row, "name": names.get(row["class_id"], f"class {row['class_id']}")} for row in classes]


def remarks(summary: dict[str, Any]) -> list[str]:
    """What is to be said about a video that was read."""
    said = []
    if summary["frames"] + 2 < summary["stated"] * (1 - MISSING_SHARE):
        said.append(
            f"It ends early: {summary['frames']:,} of {summary['stated']:,} frames could be read, and those were used. "
            "Get a whole copy if you need the rest."
        )
    if summary["varies"]:
        said.append(
            f"Its frames come irregularly. The copy has {summary['rate']:g} a second: {summary['repeated']:,} frames "
            f"are shown again and {summary['left_out']:,} left out, so that everything happens at its time."
        )
    if not summary["classes"]:
        said.append("Nothing was found at this score. Try a lower one, or another model.")
    return said


def beside(row: VideoScan, path: Path) -> str:
    return str(Path(row.file).with_name(path.name))


def scan(row: VideoScan, folder: Path, step: Step) -> dict[str, Any]:
    """Look at the video of a row and keep what came of it; an earlier attempt is replaced. Outputs grow in `folder`."""
    source = Path(default_storage.path(row.file))
    check_video(source, row.file_name)
    options: dict[str, Any] = {"threshold": row.threshold, "track": row.track}
    output, boxes = folder / "annotated.webm", folder / "boxes.jsonl"
    summary = scan_file(source, row.file_name, row.model, output, boxes, step, **options)
    row.sound = add_sound(output, source, summary["seconds"])
    row.summary, row.annotated, row.boxes_file = summary, beside(row, output), beside(row, boxes)
    put(row.annotated, output)
    put(row.boxes_file, boxes)
    row.save(update_fields=["summary", "annotated", "boxes_file", "sound"])
    return summary
