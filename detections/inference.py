"""A trained model run over many images: a few in memory at a time, unusable files listed, the rest going on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image as Pillow

from detections.pictures import PictureError, read_upright
from sw_site.lib.errors import UserError
from training.engine.errors import EngineError
from training.engine.predictor import Detections, Predictor, get_predictor, model_file
from training.models import TrainedModel

#: A batch ends at this many images or decoded pixels, whichever comes first.
BATCH_IMAGES = 8
BATCH_PIXELS = 32_000_000


@dataclass(frozen=True)
class Source:
    """An image to detect on. `name` is what people call it.

    `image_id` and `stored` (its storage name) are there when it is an image of a dataset, `original` (likewise) when
    it was uploaded.
    """

    name: str
    file: Path | BinaryIO
    image_id: int | None = None
    stored: str = ""
    original: str = ""


@dataclass(frozen=True, eq=False)
class Detected:
    """What was found on one image; box edges are pixels of `picture`, the upright image."""

    source: Source
    picture: Pillow.Image
    detections: Detections


@dataclass(frozen=True)
class Problem:
    """A file that could not be used, and why."""

    file: str
    code: str
    message: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def load_predictor(model: TrainedModel) -> Predictor:
    """The model's predictor, from the process's small cache. Raises UserError when its files are gone or damaged."""
    with model_errors(model):
        return get_predictor(model.detector_folder)


def check_model(model: TrainedModel) -> None:
    """Raises UserError when the model's graph is gone; nothing is loaded."""
    with model_errors(model):
        model_file(model.detector_folder)


@contextmanager
def model_errors(model: TrainedModel) -> Iterator[None]:
    try:
        yield
    except EngineError as error:
        raise UserError(
            "model_unusable",
            f"The model “{model}” cannot be loaded: {error.sentence} "
            "If its files are gone, restore them from a backup or train it again.",
        ) from error


def detect_images(predictor: Predictor, sources: Iterable[Source]) -> Iterator[Detected | Problem]:
    """One result per source; results come batch by batch, a problem as soon as it is met."""
    waiting: list[tuple[Source, Pillow.Image]] = []
    pixels = 0
    for source in sources:
        try:
            picture = read_upright(source.file)
        except PictureError as error:
            yield Problem(source.name, error.code, error.message)
            continue
        waiting.append((source, picture))
        pixels += picture.width * picture.height
        if len(waiting) >= BATCH_IMAGES or pixels >= BATCH_PIXELS:
            yield from detect_batch(predictor, waiting)
            waiting, pixels = [], 0
    yield from detect_batch(predictor, waiting)


def detect_batch(predictor: Predictor, batch: list[tuple[Source, Pillow.Image]]) -> Iterator[Detected]:
    found = predictor.predict([picture for _, picture in batch])
    for (source, picture), detections in zip(batch, found, strict=True):
        yield Detected(source, picture, detections)
