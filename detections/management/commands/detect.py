"""`manage.py detect MODEL PATH... --output DIR`: boxes on images, folders and videos, drawn and as JSON.

With `--dataset NAME [--filter F]` a batch of the site instead, kept there; `--resume N` goes on with one.
"""

from __future__ import annotations

import io
import json
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from datasets.importing.matching import VIDEO_SUFFIXES
from datasets.storage import write_whole
from detections.documents import box_json
from detections.drawing import annotate
from detections.inference import Detected, Problem, Source, detect_images, load_predictor
from detections.management import batches
from detections.metrics.values import HEADLINE_SCORE
from detections.pictures import image_files
from detections.video_models import Sound
from detections.videos.sound import add_sound
from detections.videos.work import check_video, is_film, remarks, scan_file
from sw_site.lib.commands import SiteCommand, progress_bar
from sw_site.lib.errors import UserError
from training.lookup import model_of
from training.models import TrainedModel

DOCUMENT = "detections.json"


class Command(SiteCommand):
    help = (
        "Detect objects on images: writes a copy of each with its boxes, and detections.json beside them. "
        "With --dataset: on the images of a filter, kept on the site as a batch."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("model", nargs="?", metavar="MODEL", help="A model's name or number.")
        parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="Images, videos, folders of them.")
        parser.add_argument("--output", type=Path, metavar="DIR", help="Where the results go.")
        batches.add_arguments(parser)
        parser.add_argument("--no-track", action="store_true", help="Judge each frame of a video by itself.")
        parser.add_argument(
            "--threshold", type=float, default=HEADLINE_SCORE, help="Least score, 0 to 1. Default: 0.5."
        )

    def run(self, **options: Any) -> dict[str, Any]:
        if batches.is_asked_for(options):
            return batches.run(options)
        if not (options["model"] and options["paths"] and options["output"]):
            raise UserError(
                "nothing_to_detect",
                "Name a model, images and --output DIR, or a model and --dataset NAME for a batch on the site.",
            )
        if not 0 <= options["threshold"] <= 1:
            raise UserError("bad_threshold", "The threshold is a score from 0 to 1. Give for example --threshold 0.5.")
        model = model_of(options["model"])
        films, rest = apart(options["paths"], options["output"])
        sources = find_sources(rest, options["output"], required=not films)
        predictor = load_predictor(model)
        output = make_folder(options["output"])
        writer = Writer(output, options["threshold"], model.label_map)
        problems: list[Problem] = []
        with progress_bar("Detect", quiet=options["json"]) as report:
            for done, found in enumerate(detect_images(predictor, sources), start=1):
                if isinstance(found, Problem):
                    problems.append(found)
                else:
                    writer.add(found)
                report(done / len(sources), f"{done} of {len(sources)} images")
            videos = [detect_video(film, model, writer, options, report, problems) for film in films]
        result = {
            "model": model.name,
            "threshold": options["threshold"],
            "output": str(output),
            "images": writer.images,
            "videos": [video for video in videos if video],
            "problems": [problem.as_json() for problem in problems],
        }
        writer.write(DOCUMENT, json.dumps(result, indent=1, ensure_ascii=False).encode())
        return result

    def describe(self, result: dict[str, Any]) -> None:
        if "batch" in result:
            return self.stdout.write(batches.sentence(result))
        boxes = sum(len(image["boxes"]) for image in result["images"])
        self.stdout.write(f"{boxes} boxes on {len(result['images'])} images; see {result['output']}.")
        for video in result["videos"]:
            seen = ", ".join(f"{row['name']} in {row['frames']:,} frames" for row in video["classes"]) or "nothing"
            words = " ".join([f"{video['frames']:,} frames: {seen}.", Sound(video["sound"]).label, *video["remarks"]])
            self.stdout.write(f"{video['file']}: {words}")
        for problem in result["problems"]:
            self.stderr.write(f"{problem['file']}: {problem['message']}")


def apart(paths: Iterable[Path], output: Path) -> tuple[list[Path], list[Path]]:
    """Videos and animations, also those in folders, on the left; everything else on the right."""
    films, rest = dict[Path, None](), list[Path]()
    for path in paths:
        if path.is_dir():
            films |= dict.fromkeys(films_below(path, output.resolve()))
            rest.append(path)
        elif is_named_as_video(path) or (path.is_file() and is_film(path)):
            films[path] = None
        else:
            rest.append(path)
    return list(films), rest


def films_below(folder: Path, output: Path) -> list[Path]:
    """Videos and GIFs that move below a folder, sorted; hidden files and results of an earlier run are left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if (is_named_as_video(path) or path.suffix.lower() == ".gif")
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and output not in path.resolve().parents
        and path.is_file()
        and (is_named_as_video(path) or is_film(path))
    )


def is_named_as_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEO_SUFFIXES


def detect_video(
    film: Path, model: TrainedModel, writer: Writer, options: dict[str, Any], report: Any, problems: list[Problem]
) -> dict[str, Any] | None:
    """A copy of the video with boxes, and a line of JSON a frame; None when it cannot be used, which is noted."""
    stem = Path(writer.free_name(film.stem)).stem
    output, boxes = writer.folder / f"{stem}.webm", writer.folder / f"{stem}.jsonl"
    chosen = {"threshold": options["threshold"], "track": not options["no_track"]}
    try:
        check_video(film, str(film))
        summary = scan_file(
            film, film.name, model, output, boxes, lambda at, total, words: report(at / total, words), **chosen
        )
    except UserError as error:
        problems.append(Problem(str(film), error.code, error.message))
        return None
    sound = add_sound(output, film, summary["seconds"])
    files = {"file": str(film), "annotated": output.name, "boxes": boxes.name}
    return {**files, "sound": str(sound), "remarks": remarks(summary), **summary}


class Writer:
    """Writes results into a folder, each file whole or not at all, and keeps what the document says of the images."""

    def __init__(self, folder: Path, threshold: float, names: Mapping[int, str]) -> None:
        self.folder, self.threshold, self.names = folder, threshold, names
        self.images: list[dict[str, Any]] = []
        self._taken: set[str] = set()

    def add(self, found: Detected) -> None:
        """Write the annotated copy of one image."""
        kept = found.detections.above(self.threshold)
        name = self.free_name(Path(found.source.name).stem)
        buffer = io.BytesIO()
        annotate(found.picture, kept, self.names).save(buffer, "JPEG", quality=90, subsampling=0)
        self.write(name, buffer.getvalue())
        rows = zip(kept.class_ids, kept.scores, kept.boxes, strict=True)
        self.images.append(
            {
                "file": found.source.name,
                "annotated": name,
                "width": found.picture.width,
                "height": found.picture.height,
                "boxes": [box_json(class_id, dict(self.names), score, box) for class_id, score, box in rows],
            }
        )

    def free_name(self, stem: str) -> str:
        """ "photo.jpg", and "photo-2.jpg" for the next photo of that name in another folder."""
        names = (f"{stem}.jpg" if n == 1 else f"{stem}-{n}.jpg" for n in count(1))
        name = next(name for name in names if name.lower() not in self._taken)
        self._taken.add(name.lower())
        return name

    def write(self, name: str, data: bytes) -> None:
        try:
            write_whole(self.folder / name, data)
        except OSError as error:
            raise UserError(
                "not_written",
                f"{self.folder / name} cannot be written ({error.strerror}). Free some space or name another folder.",
            ) from error


def find_sources(paths: Iterable[Path], output: Path, required: bool = True) -> list[Source]:
    """Files as they are named, folders with all images below them; results of an earlier run and animations are left
    out. UserError when nothing is left although something is `required`.
    """
    own = output.resolve()
    sources: dict[Path, Source] = {}
    for path in paths:
        if own in (path.resolve(), path.resolve().parent):
            raise UserError(
                "output_is_input", f"The results would lie among the images of {own}. Name another --output."
            )
        for file in image_files(path) if path.is_dir() else [path]:
            if own not in file.resolve().parents and not (path.is_dir() and is_film(file)):
                sources.setdefault(file.resolve(), Source(str(file), file))
    if required and not sources:
        raise UserError(
            "no_images",
            "There are no images and no videos in these folders. Name image files or videos, or folders of them.",
        )
    return list(sources.values())


def make_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError("bad_output", f"The folder {folder} cannot be made ({error}). Name another one.") from error
    return folder
