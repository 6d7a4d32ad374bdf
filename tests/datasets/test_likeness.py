"""Telling pictures of one shot from pictures of different ones."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from datasets.likeness import LENGTH, fingerprint, shot_groups
from datasets.versions.freeze import freeze
from datasets.versions.shots import shots_of
from tests.factories import make_box, make_dataset, make_image, picture_bytes
from tests.sample_data import sample_data


def scene(seed: int) -> Image.Image:
    """A picture of large coloured patches, another for each seed."""
    patches = np.random.default_rng(seed).integers(0, 255, (5, 7, 3), np.uint8)
    return Image.fromarray(patches).resize((280, 200), Image.Resampling.BICUBIC)


def test_a_copy_that_was_cropped_resized_and_brightened_is_the_same_shot():
    changed = ImageEnhance.Brightness(scene(1).crop((3, 2, 278, 199)).resize((400, 290))).enhance(1.1)
    prints = [fingerprint(picture) for picture in (scene(1), scene(2), changed, scene(3))]
    groups = shot_groups(prints)
    assert {len(item) for item in prints} == {LENGTH}
    assert groups[0] == groups[2]
    assert len(set(groups)) == 3


def test_colour_alone_tells_scenes_apart():
    red, blue = scene(4).split()[0], scene(4).split()[0]
    pictures = [Image.merge("RGB", (red, Image.new("L", red.size), Image.new("L", red.size))),
                Image.merge("RGB", (Image.new("L", red.size), Image.new("L", red.size), blue))]  # fmt: skip
    assert len(set(shot_groups([fingerprint(picture) for picture in pictures]))) == 2


def test_more_pictures_than_one_block_are_all_compared():
    rng = np.random.default_rng(0)
    prints = [rng.bytes(LENGTH) for _ in range(600)]
    prints[599] = prints[0]
    groups = shot_groups(prints)
    assert groups[0] == groups[599]
    assert len(set(groups)) == 599


@pytest.mark.django_db
def test_a_shot_is_never_parted_and_missing_fingerprints_are_made():
    dataset = make_dataset()
    for _ in range(6):
        make_box(make_image(dataset, data=picture_bytes(colour=(200, 30, 30)), fingerprint=None))
    for _ in range(24):
        make_box(make_image(dataset))
    same = set(dataset.images.filter(fingerprint=None).values_list("pk", flat=True))
    version = freeze(dataset, (0.5, 0.25, 0.25))
    assert len({image.split for image in version.manifest().images if image.id in same}) == 1
    assert version.shots_together
    assert not dataset.images.filter(fingerprint=None).exists()
    assert not freeze(dataset, shots_together=False).shots_together


@pytest.mark.django_db
def test_a_damaged_picture_stands_alone():
    dataset = make_dataset()
    damaged = make_image(dataset, data=b"not an image", fingerprint=None)
    whole = make_image(dataset)
    assert set(shots_of([damaged.pk, whole.pk])) == {whole.pk}


def test_the_shots_of_real_film_stills():
    folder = sample_data("star_wars") / "images"
    names = ["BB-8_61", "BB-8_95", "BB-8_25", "R2-D2_55", "R2-D2_17", "BB-8_72", "BB-8_73", "BB-8_1", "R2-D2_1"]
    groups = shot_groups([fingerprint(Image.open(folder / f"{name}.jpg")) for name in names])
    assert [groups.index(group) for group in groups] == [0, 0, 0, 3, 3, 5, 5, 7, 8]
