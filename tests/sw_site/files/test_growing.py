"""A site in a bucket as operators run it: from the disk into it, verified, backed up, wiped, restored."""

from __future__ import annotations

import shutil

import pytest

from tests.buckets import client_of, new_bucket, variables
from tests.sw_site.upkeep.sites import Site

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_the_disk_into_the_bucket_and_through_a_backup(s3, tmp_path):
    new_bucket(s3)
    named, folder, site = variables(s3), tmp_path / "backups", Site(tmp_path / "data")
    site.fill()
    media = media_of(site)
    first, again = site.told("copy_files", **named), site.told("copy_files", **named)
    assert first | {"bytes": 0} == {"copied": len(media), "there_already": 0, "bytes": 0, "folders": 1}
    assert again | {"bytes": 0} == {"copied": 0, "there_already": len(media), "bytes": 0, "folders": 1}
    shutil.rmtree(site.data / "media")
    assert keys(s3) == media
    assert [key.rpartition("/")[2] for key in keys(s3, "shared/configs/")] == ["some.config"]
    assert site.told("verify", "--deep", **named)["ok"]

    counts = site.counts()
    made = site.told("backup", str(folder), **named)
    assert made["missing"] == 0 and made["rows"] == sum(counts.values())
    assert site.told("backup", str(folder), **named)["copied"] == 0
    shutil.rmtree(site.data)
    refused = site.run("restore", str(folder), check=False, **named)
    assert "not empty" in refused.stderr  # the bucket is not
    new_bucket(s3)
    site.told("restore", str(folder), **named)
    assert (site.counts(), keys(s3)) == (counts, media)
    assert site.told("verify", "--deep", **named)["ok"]

    shutil.rmtree(site.data / "configs")
    site.told("copy_files", "--back", **named)
    assert media_of(site) == media
    assert (site.data / "configs/some.config").read_text() == "what is in configs/some.config"
    assert site.told("verify", "--deep")["ok"]


def test_verify_finds_what_the_bucket_lost(s3, tmp_path):
    new_bucket(s3)
    named, site = variables(s3), Site(tmp_path / "data")
    site.run("migrate", "-v0", **named)
    site.run("make_demo_dataset", "--count", "4", **named)
    assert not (site.data / "media").exists()
    client, lost = client_of(s3), min(key for key in keys(s3) if key.startswith("images/"))
    client.delete_object(Bucket="photos", Key=lost)
    client.put_object(Bucket="photos", Key="images/00/stray.jpg", Body=b"x")
    found = site.run("verify", "--json", check=False, **named)
    assert found.returncode == 1 and f"{lost} is gone" in found.stdout and '"file_missing"' in found.stdout


def test_a_site_on_disk_has_nothing_to_copy(tmp_path):
    site = Site(tmp_path / "data")
    site.run("migrate", "-v0")
    assert site.refusal("copy_files")[0] == "no_bucket"


def media_of(site: Site) -> set[str]:
    return {name.removeprefix("media/") for name in site.hashes() if name.startswith("media/")}


def keys(url: str, below: str = "") -> set[str]:
    """Of the bucket; what machines share is left out where no folder is asked for."""
    pages = client_of(url).get_paginator("list_objects_v2").paginate(Bucket="photos", Prefix=below)
    found = {each["Key"] for page in pages for each in page.get("Contents", ())}
    return {key for key in found if below or not key.startswith("shared/")}
