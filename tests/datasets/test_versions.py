"""Splits, frozen versions and their manifests."""

import gzip
from collections import Counter
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.models import Box
from datasets.versions.freeze import freeze, parse_fractions
from datasets.versions.manifest import Manifest, ManifestError, read_manifest
from datasets.versions.splitting import SplitItem, stratified_split
from sw_site.lib.errors import UserError
from tests.factories import make_box, make_dataset, make_image

SHARES = (0.7, 0.15, 0.15)


def test_every_class_is_spread_in_the_shares_asked_for():
    items = [SplitItem(n, (1,) if n % 10 else (2,)) for n in range(1, 401)]
    split = stratified_split(items, SHARES, seed=1)
    for label, total in ((1, 360), (2, 40)):
        counts = Counter(split[item.id] for item in items if item.labels == (label,))
        assert [counts[name] for name in ("train", "val", "test")] == [round(total * share) for share in SHARES]


def test_a_single_crowded_photo_does_not_keep_the_others_out_of_its_split():
    items = [SplitItem(0, (1,) * 500), *(SplitItem(n, (1,)) for n in range(1, 101))]
    split = stratified_split(items, SHARES, seed=1)
    assert list(split.values()).count("train") > 55


def test_the_seed_decides_and_repeats():
    items = [SplitItem(n, (1,)) for n in range(40)]
    assert stratified_split(items, SHARES, 1) == stratified_split(items[::-1], SHARES, 1)
    assert stratified_split(items, SHARES, 1) != stratified_split(items, SHARES, 2)


@settings(deadline=None)
@given(st.lists(st.tuples(st.lists(st.integers(1, 4), max_size=5), st.integers(0, 6)), max_size=60), st.integers(0, 9))
def test_groups_stay_together_and_every_image_is_dealt(rows, seed):
    items = [SplitItem(n, tuple(labels), group) for n, (labels, group) in enumerate(rows)]
    split = stratified_split(items, SHARES, seed)
    assert split.keys() == {item.id for item in items}
    for group in {item.group for item in items}:
        assert len({split[item.id] for item in items if item.group == group}) == 1


def test_a_share_of_zero_gets_nothing():
    split = stratified_split([SplitItem(n, (1,)) for n in range(30)], (0.8, 0.2, 0.0), 1)
    assert set(split.values()) == {"train", "val"}


@pytest.mark.parametrize("text", ["", "1", "0.5,0.5", "0.7,0.2,0.2", "a,b,c", "1.2,-0.1,-0.1", "nan,0,1"])
def test_bad_splits_are_said(text):
    with pytest.raises(UserError, match="add up to 1"):
        parse_fractions(text)


@pytest.mark.django_db
class TestFreezing:
    def make(self, images=20):
        dataset = make_dataset()
        classes = list(dataset.classes.all())
        for n in range(images):
            make_box(make_image(dataset), classes[n % 2], x1=n, x2=200)
        return dataset

    def test_a_version_never_changes(self):
        dataset = self.make()
        version = freeze(dataset, SHARES, seed=3)
        before = version.manifest()
        Box.objects.all().update(x2=300)
        dataset.images.first().delete()
        read_manifest.cache_clear()
        assert version.manifest() == before
        assert (version.number, version.image_count, version.box_count) == (1, 20, 20)

    def test_equal_content_gives_an_equal_hash_and_numbers_count_up(self):
        dataset = self.make()
        first, second = freeze(dataset, SHARES, 1), freeze(dataset, SHARES, 1)
        assert first.content_hash == second.content_hash and (first.number, second.number) == (1, 2)
        assert freeze(dataset, SHARES, 2).content_hash != first.content_hash

    def test_unlabelled_and_damaged_images_stay_out_and_negatives_go_in(self):
        dataset = self.make(4)
        make_image(dataset, state="unlabelled")
        make_image(dataset, defect="The image is damaged.")
        make_image(dataset, negative=True)
        version = freeze(dataset, (1.0, 0.0, 0.0))
        assert version.counts["train"] == {
            "images": 5, "negatives": 1, "boxes": 4, "classes": {"BB-8": 2, "R2-D2": 2},
        }  # fmt: skip

    def test_nothing_labelled_is_refused(self):
        with pytest.raises(UserError, match="no labelled image"):
            freeze(make_dataset())

    def test_a_tampered_manifest_is_noticed(self):
        version = freeze(self.make())
        path = default_storage.path(version.manifest_file)
        read_manifest.cache_clear()
        Path(path).write_bytes(gzip.compress(b'{"format":1,"classes":{},"images":[]}'))
        with pytest.raises(ManifestError, match="not what was frozen"):
            version.manifest()
        Path(path).unlink()
        with pytest.raises(ManifestError, match="backup"):
            version.manifest()

    def test_manifests_read_back_equal(self):
        manifest = freeze(self.make()).manifest()
        assert Manifest.from_json(manifest.to_json()) == manifest
