"""Pictures of a version by the hash of their bytes: they are there even when the image was deleted from the dataset."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from datasets.access import version_for
from datasets.colours import class_colour
from datasets.models import DatasetVersion, Image
from datasets.thumbnails import SIZES, ensure_thumbnail
from datasets.versions.manifest import ManifestBox, ManifestError, ManifestImage
from datasets.views.images import send_file


@require_safe
def version_file(request: HttpRequest, slug: str, number: int, sha256: str, size: str) -> FileResponse | HttpResponse:
    """A picture of the version: "small" or "large" as thumbnail, "full" as it is."""
    version = version_for(request, slug, number)
    try:
        image = version.manifest().with_digest(sha256)
    except ManifestError as error:
        raise Http404(str(error)) from error
    if image is None or size not in (*SIZES, "full"):
        raise Http404("This version has no such picture.")
    if size == "full":
        return send_file(image.file)
    return send_file(ensure_thumbnail(Image(file=image.file, sha256=sha256), size) or image.file)


def frozen_photo(
    version: DatasetVersion,
    image: ManifestImage,
    classes: dict[int, str],
    here: set[int],
    boxes: list[tuple[ManifestBox, bool]] | None = None,
) -> dict[str, object]:
    """A manifest image as `includes/_photo.html` takes it; `boxes` with whether they are dashed, else all of its own.

    It leads to the editor while the image is `here` (ids that are in the dataset), then to the picture itself.
    """

    def url(size: str) -> str:
        return reverse("datasets:version-file", args=[version.dataset.slug, version.number, image.sha256, size])

    drawn = [(box, False) for box in image.boxes] if boxes is None else boxes
    return {
        "thumb_url": url("small"),
        "large_thumb_url": url("large"),
        "href": Image(pk=image.id).get_absolute_url() if image.id in here else url("full"),
        "width": image.width,
        "height": image.height,
        "file_name": image.file_name,
        "boxes_for_display": [_drawn(box, dashed, classes) for box, dashed in drawn],
    }


def _drawn(box: ManifestBox, dashed: bool, classes: dict[int, str]) -> dict[str, object]:
    edges = {"x1": box.x1, "y1": box.y1, "x2": box.x2, "y2": box.y2}
    label = classes.get(box.class_id, str(box.class_id))
    return {**edges, "colour": class_colour(box.class_id), "label": label, "dashed": dashed}


def still_here(images: Iterable[ManifestImage]) -> set[int]:
    """Ids of these images that are in a dataset today."""
    return set(Image.objects.filter(pk__in=[image.id for image in images]).values_list("pk", flat=True))
