"""Splits, frozen versions and their manifests."""

import gzip
import hashlib
import json
import random
from collections import Counter
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.models import Box
from datasets.versions import manifest
from datasets.versions.freeze import freeze, parse_fractions
from datasets.versions.frozen_images import FrozenImages
from datasets.versions.manifest import Manifest, ManifestError, read_manifest
from datasets.versions.packed import LINES, PackedLines
from datasets.versions.splitting import SPLITS, SplitItem, stratified_split
from sw_site.lib.errors import UserError
from tests.factories import make_box, make_dataset, make_image

SHARES = (0.7, 0.15, 0.15)
ODD_TAGS = (("split", '":"'), (",{", '"boxes":['), ("é\n", "]}"))


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


def test_splits_are_dealt_as_they_always_were():
    chance = random.Random(9)
    items = [
        SplitItem(n, tuple(chance.choice((1, 1, 2, 5, 9)) for _ in range(chance.choice((0, 1, 2, 8, 40)))), group)
        for n, group in ((n, chance.choice((None, None, n // 3))) for n in range(500))
    ]
    split = stratified_split(items, SHARES, 4)
    digest = hashlib.sha256(repr(sorted(split.items())).encode()).hexdigest()
    assert digest == "483243dec3e5a9869c9edaac9bff55adf2715c468d067b3e60958e0a3c1f651b"


@pytest.mark.parametrize("count", [0, 1, LINES - 1, LINES, LINES + 1, 3 * LINES])
def test_packed_lines_come_back_in_any_order(count):
    lines = [b"%d" % (n**3) for n in range(count)]
    packed = PackedLines(lines)
    assert list(packed) == lines and len(packed) == count
    assert [packed[n] for n in reversed(range(count))] == lines[::-1]


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

    def test_a_large_manifest_is_packed_and_says_the_same(self, monkeypatch):
        version = freeze(self.tagged())
        small = version.manifest()
        large = self.packed(version, monkeypatch)
        assert isinstance(small.images, tuple) and isinstance(large.images, FrozenImages)
        assert large == small and large.to_json() == small.to_json() and large.counts() == version.counts
        assert [list(large.split(name)) for name in SPLITS] == [small.split(name) for name in SPLITS]
        assert (large.splits(), large.digests()) == (small.splits(), small.digests())
        assert list(large.columns("id", "folder", "verified")) == list(small.columns("id", "folder", "verified"))
        some = [image.id for image in small.images][3::5]
        assert large.with_ids([*some, 0]) == small.with_ids(some)
        assert large.with_digest(small.images[7].sha256) == small.images[7] and large.with_digest("0" * 64) is None
        assert [box.tags for image in large.images for box in image.boxes] == [ODD_TAGS] * 20
        assert list(large.images[2:9:3]) == list(small.images[2:9:3]) and large.images[-1] == small.images[-1]

    def test_a_large_manifest_that_was_cut_or_changed_is_noticed(self, monkeypatch):
        version = freeze(self.tagged())
        path = Path(default_storage.path(version.manifest_file))
        whole = gzip.decompress(path.read_bytes())
        damaged = (whole[:-30], whole[:-2] + b",]}", whole.replace(b'"width":', b'"width":1'), whole[:40])
        for data in damaged:
            path.write_bytes(gzip.compress(data))
            with pytest.raises(ManifestError, match="not what was frozen"):
                self.packed(version, monkeypatch)
        path.write_bytes(gzip.compress(whole)[:-200])
        with pytest.raises(ManifestError, match="backup"):
            self.packed(version, monkeypatch)

    @pytest.mark.parametrize("at_once", [60, 500, 10**6])
    def test_lines_are_found_wherever_a_piece_ends(self, monkeypatch, at_once):
        version = freeze(self.tagged())
        before = version.manifest()
        monkeypatch.setattr(manifest, "AT_ONCE", at_once)
        assert self.packed(version, monkeypatch) == before

    def test_the_classic_manifest_is_written(self):
        version = freeze(self.tagged())
        images = [image.as_json() for image in version.manifest().images]
        classes = {str(number): name for number, name in version.manifest().classes.items()}
        whole = {"format": 3, "classes": classes, "images": images}
        data = json.dumps(whole, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
        assert hashlib.sha256(data).hexdigest() == version.content_hash

    def tagged(self):
        """Names and tags that look like parts of the file."""
        dataset = self.make()
        Box.objects.update(tags=[list(pair) for pair in ODD_TAGS], pose="Ü")
        dataset.images.update(folder='a","split":""', file_name=',{"boxes":[]}.jpg', verified=True)
        return dataset

    def packed(self, version, monkeypatch):
        read_manifest.cache_clear()
        monkeypatch.setattr(manifest, "SMALL", 50)
        try:
            return version.manifest()
        finally:
            monkeypatch.setattr(manifest, "SMALL", 4 * 1024 * 1024)
            read_manifest.cache_clear()
