"""WebP thumbnails in two sizes, made behind the import; the first full decode, so it also finds damaged pictures."""

from __future__ import annotations

import io
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from django.core.files.storage import default_storage
from PIL import Image as Pillow

from datasets.likeness import fingerprint
from datasets.models import Image
from datasets.pieces import cut, ensure_screen
from datasets.storage import store, thumbnail_name

if TYPE_CHECKING:
    from sw_site.jobs.context import JobContext

#: Longest side in pixels: the grid, and the grid on a dense screen or with large tiles.
SIZES = {"small": 320, "large": 800}
QUALITY = 78
CHUNK = 64


def make_thumbnails(image: Image) -> str:
    """Write both sizes and set (not save) the fingerprint; a sentence when the picture does not decode, else empty."""
    try:
        with default_storage.open(image.file) as file, Pillow.open(file) as picture:
            picture.draft("RGB", (SIZES["large"], SIZES["large"]))  # JPEG decodes straight to a smaller size
            current = picture.convert("RGB")
    except FileNotFoundError:
        return "Its file is gone from the storage. Import the image again."
    except Exception as error:  # whatever a decoder raises means the same here
        return f"The image is damaged ({error}). Import a whole copy of it."[:200]
    for size in ("large", "small"):
        current.thumbnail((SIZES[size], SIZES[size]), Pillow.Resampling.BILINEAR, reducing_gap=2.0)
        buffer = io.BytesIO()
        current.save(buffer, "WEBP", quality=QUALITY, method=1)
        store(thumbnail_name(image.sha256, size), buffer.getvalue())
    image.fingerprint = fingerprint(current)
    return ""


def ensure_thumbnail(image: Image, size: str) -> str | None:
    """Storage name of a thumbnail, made now if the background has not come to it yet; None when it cannot be made."""
    name = thumbnail_name(image.sha256, size)
    if default_storage.exists(name):
        return name
    return None if make_thumbnails(image) else name


def thumbnail_all(context: JobContext, dataset_id: int) -> dict[str, int]:
    """Job: thumbnails of every image of a dataset that has none yet."""
    waiting = Image.objects.filter(dataset=dataset_id, has_thumbnails=False, defect="")
    total = waiting.count()
    done = damaged = 0
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        while chunk := list(waiting.only("pk", "file", "sha256", "width", "height")[:CHUNK]):
            context.check()
            sentences = list(pool.map(make_thumbnails, chunk))
            good = [image for image, sentence in zip(chunk, sentences, strict=True) if not sentence]
            for image in good:
                image.has_thumbnails = True
                if image.is_vast:
                    ensure_screen(image)
                    cut(image)
            Image.objects.bulk_update(good, ["has_thumbnails", "fingerprint"])
            for image, sentence in zip(chunk, sentences, strict=True):
                if sentence:
                    Image.objects.filter(pk=image.pk).update(defect=sentence)
                    context.log(f"Image {image.pk}: {sentence}")
                    damaged += 1
            done += len(chunk)
            context.progress(done, total, f"{done:,} of {total:,} thumbnails")
    return {"made": done - damaged, "damaged": damaged}
