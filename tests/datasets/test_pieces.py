"""Pictures of very many pixels: a screen-sized copy and pieces, which put together are the picture."""

import io

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from PIL import Image as Pillow

from datasets import pieces
from datasets.formats.records import FormatError
from datasets.pictures import inspect_picture
from tests.factories import make_image, picture_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def vast(monkeypatch):
    """A picture that counts as one of very many pixels: two columns and three rows of pieces."""
    monkeypatch.setattr("datasets.models.image.VAST", 1_000_000)
    picture = Pillow.linear_gradient("L").resize((1100, 2100)).convert("RGB")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return make_image(width=1100, height=2100, data=buffer.getvalue())


def piece_url(image, column, row):
    return reverse("datasets:image-piece", args=[image.pk, image.sha256[:12], column, row])


def read(response) -> Pillow.Image:
    return Pillow.open(io.BytesIO(b"".join(response.streaming_content)))


def test_pieces_cover_the_picture_where_they_lie(client, vast):
    assert pieces.grid_of(vast) == (2, 3)
    sizes = [[read(client.get(piece_url(vast, column, row))).size for column in range(2)] for row in range(3)]
    assert sizes == [[(1024, 1024), (76, 1024)], [(1024, 1024), (76, 1024)], [(1024, 52), (76, 52)]]
    with default_storage.open(vast.file) as file:
        whole = Pillow.open(file).convert("RGB")
    lower = read(client.get(piece_url(vast, 1, 1)))
    assert lower.getpixel((10, 500)) == pytest.approx(whole.getpixel((1034, 1524)), abs=3)


def test_the_editor_of_such_a_picture_shows_the_copy_first(client, vast, monkeypatch):
    monkeypatch.setattr(pieces, "SCREEN", 300)
    page = client.get(vast.get_absolute_url())
    data = page.context["editor_data"]
    assert data["image"]["url"].endswith("/screen/")
    assert data["image"]["pieces"]["url"].replace("COLUMN-ROW", "1-2") == piece_url(vast, 1, 2)
    copy = read(client.get(data["image"]["url"]))
    assert copy.size == (157, 300)
    assert (data["image"]["width"], data["image"]["height"]) == (1100, 2100)


def test_a_usual_photo_is_shown_itself(client):
    image = make_image()
    data = client.get(image.get_absolute_url()).context["editor_data"]["image"]
    assert (data["url"], data["pieces"]) == (image.original_url, None)
    assert client.get(piece_url(image, 0, 0)).status_code == 404


def test_a_piece_beyond_the_edge_and_a_file_that_is_gone_are_not_found(client, vast):
    assert client.get(piece_url(vast, 2, 0)).status_code == 404
    default_storage.delete(vast.file)
    assert client.get(piece_url(vast, 0, 0)).status_code == 404
    assert client.get(vast.screen_url).status_code == 404


def test_as_many_pixels_as_12000_squared_and_no_more(monkeypatch):
    monkeypatch.setattr("datasets.pictures.MAX_PIXELS", 400 * 300)
    assert inspect_picture(picture_bytes(400, 300)).width == 400
    assert inspect_picture(picture_bytes(1000, 120)).width == 1000  # it is the number of pixels that counts
    with pytest.raises(FormatError, match="401 x 300 pixels"):
        inspect_picture(picture_bytes(401, 300))
