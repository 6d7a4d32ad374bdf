"""Image files from outside: what they are, whether they are whole, and how to make them upright and plain."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass

from PIL import Image as Pillow
from PIL import ImageOps

from datasets.formats.records import FormatError
from datasets.formats.splits import PICTURE_SUFFIXES

SUFFIXES = {f".{suffix}" for suffix in PICTURE_SUFFIXES}
MAX_PIXELS = 12_000 * 12_000
ORIENTATION_TAG = 0x0112
PLAIN_MODES = {"JPEG": {"RGB", "L"}, "PNG": {"RGB", "L", "RGBA", "LA", "P", "1"}}
FILE_SUFFIX = {
    "JPEG": ".jpg",
    "PNG": ".png",
    "BMP": ".bmp",
    "GIF": ".gif",
    "WEBP": ".webp",
    "TIFF": ".tif",
    "AVIF": ".avif",
    "PPM": ".ppm",
    "JPEG2000": ".jp2",
}
WITH_EXIF = {"JPEG", "PNG", "WEBP", "TIFF", "AVIF"}
END_MARKS = {"JPEG": b"\xff\xd9", "PNG": b"IEND"}
Pillow.MAX_IMAGE_PIXELS = None  # our own limit below is an error, not a warning


@dataclass(frozen=True)
class Picture:
    """An image file, checked. `upright` holds re-encoded bytes when the original could not be used as it is.

    Width and height are pixels of the upright picture; `raw_size` those stored in the file. `notes` say what was
    odd about it or had to be converted.
    """

    sha256: str
    format: str
    width: int
    height: int
    raw_size: tuple[int, int]
    orientation: int
    upright: bytes | None
    notes: tuple[FormatError, ...] = ()

    @property
    def original_name(self) -> str:
        """Storage name of the bytes as they came."""
        return picture_name(self.sha256, FILE_SUFFIX[self.format])

    @property
    def upright_name(self) -> str:
        """Storage name of the picture everything works on."""
        if self.upright is None:
            return self.original_name
        return picture_name(self.sha256, "-upright" + (".jpg" if self.format == "JPEG" else ".png"))


def picture_name(sha256: str, suffix: str) -> str:
    return f"images/{sha256[:2]}/{sha256}{suffix}"


def inspect_picture(data: bytes) -> Picture:
    """Hash, header, orientation and wholeness of an image file; decodes only what looks cut short or is not plain.

    Raises:
        FormatError: not an image this site reads, cut short, or with more pixels than 12,000 x 12,000.
    """
    try:
        with warnings.catch_warnings(), Pillow.open(io.BytesIO(data)) as image:
            warnings.simplefilter("ignore")
            return _inspect(image, data)
    except FormatError:
        raise
    except Pillow.UnidentifiedImageError as error:
        raise FormatError(
            "image_does_not_decode",
            "This is not an image the site can read (JPEG, PNG, WebP, AVIF, BMP, GIF, TIFF ...). "
            "Save it again as JPEG or PNG.",
        ) from error
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error ... on broken bytes
        code = "image_truncated" if "truncated" in str(error).lower() else "image_does_not_decode"
        raise FormatError(code, f"The image is damaged ({error}). Get a whole copy and import it again.") from error


def _inspect(image: Pillow.Image, data: bytes) -> Picture:
    kind = image.format or ""
    if kind == "MPO":  # a JPEG with a second picture behind it, as phones write them
        kind = "JPEG"
    if kind not in FILE_SUFFIX:
        raise FormatError(
            "image_type", f"{kind} files are not read. Save the image as JPEG or PNG and import it again."
        )
    raw_size = image.size
    if raw_size[0] * raw_size[1] > MAX_PIXELS:
        raise FormatError(
            "image_too_large",
            f"The image has {raw_size[0]} x {raw_size[1]} pixels; as many as 12,000 x 12,000 are the most. "
            "Make it smaller, or cut it into parts, and import it again.",
        )
    notes: list[FormatError] = []
    orientation = _orientation(image, kind, data, notes)
    end = END_MARKS.get(kind)
    if end is None or end not in data[-4096:]:
        image.load()  # raises when the file is cut short
    upright = None
    if orientation != 1 or image.mode not in PLAIN_MODES.get(kind, set()):
        upright = make_upright(image, kind)
        notes.extend(_conversions(image, kind))
    width, height = raw_size[::-1] if orientation >= 5 else raw_size
    digest = hashlib.sha256(data).hexdigest()
    return Picture(digest, kind, width, height, raw_size, orientation, upright, tuple(notes))


def _orientation(image: Pillow.Image, kind: str, data: bytes, notes: list[FormatError]) -> int:
    """The EXIF orientation, 1 to 8. Most files hold no EXIF block, which their first bytes tell for less."""
    if kind not in WITH_EXIF or (kind == "JPEG" and b"Exif\0\0" not in data[:65_536]):
        return 1
    found = image.getexif().get(ORIENTATION_TAG, 1)
    if found in range(1, 9):
        return int(found)
    notes.append(
        FormatError("exif_invalid", f"Its EXIF orientation is {found!r}, which means nothing; it is shown as stored.")
    )
    return 1


def _conversions(image: Pillow.Image, kind: str) -> list[FormatError]:
    """What the copy that everything works on is, compared with the file. Turning and plain re-encoding go unsaid."""
    notes = []
    if getattr(image, "n_frames", 1) > 1 and kind in ("GIF", "WEBP", "TIFF", "PNG", "AVIF"):
        notes.append(FormatError("image_frames", "It has several frames or pages; the first one is used."))
    if image.mode == "CMYK":
        notes.append(FormatError("image_cmyk", "Its colours are those of print (CMYK); a copy in RGB is used."))
    if image.mode.startswith("I") or image.mode == "F":
        notes.append(FormatError("image_16_bit", "It has more than 8 bits a channel; a copy with 8 bits is used."))
    return notes


def suffix_note(name: str, picture: Picture) -> FormatError | None:
    """Whether a file's name says another kind of picture than its bytes: scrapers save PNGs as .jpg."""
    suffix = "." + name.rpartition(".")[2].lower()
    right = {"JPEG": {".jpg", ".jpeg", ".jpe", ".jfif"}, "TIFF": {".tif", ".tiff"}, "PPM": {".ppm", ".pgm"}}
    if suffix in right.get(picture.format, {FILE_SUFFIX[picture.format]}):
        return None
    message = f"Its name ends with {suffix}, its bytes are {picture.format}; it is stored as what it is."
    return FormatError("wrong_suffix", message)


def make_upright(image: Pillow.Image, kind: str) -> bytes:
    """The picture turned as its EXIF data says, in 8-bit RGB or grey: JPEG for JPEGs, PNG for all others."""
    turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith("I;16") or turned.mode in ("I", "F"):
        turned = turned.convert("F").point(lambda value: value * (1 / 257)).convert("L")
    elif turned.mode not in ("RGB", "L"):
        turned = turned.convert("RGBA" if "A" in turned.getbands() or "transparency" in turned.info else "RGB")
    buffer = io.BytesIO()
    if kind == "JPEG":
        turned.convert("RGB" if turned.mode != "L" else "L").save(buffer, "JPEG", quality=95, subsampling=0)
    else:
        turned.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()
