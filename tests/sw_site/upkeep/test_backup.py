"""Backup, wipe, restore: equal rows and equal bytes, on both databases; and everything that must be refused."""

import gzip
import hashlib
import json
import shutil
import sqlite3

import psycopg
import pytest
from django.core.management import call_command
from django.test import override_settings
from django.urls import reverse

from sw_site import RELEASE
from sw_site.jobs.models import Job, JobState
from sw_site.jobs.queue import run_here
from sw_site.upkeep.backup.folder import start_backup
from tests.factories import make_user
from tests.postgres import postgres_server
from tests.sw_site.upkeep.sites import ROOT, Site

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def seed(tmp_path_factory):
    """A site on SQLite that tests copy."""
    site = Site(tmp_path_factory.mktemp("seed") / "data")
    site.fill()
    return site


@pytest.fixture
def site(seed, tmp_path):
    shutil.copytree(seed.data, tmp_path / "data")
    return Site(tmp_path / "data")


@pytest.fixture
def empty(tmp_path):
    return Site(tmp_path / "empty")


def objects(folder):
    return sorted(path for path in (folder / "objects").glob("*/*"))


def test_wiped_and_restored_it_is_the_same_on_sqlite(site, tmp_path):
    folder = tmp_path / "backups"
    counts, hashes = site.counts(), site.hashes()
    assert counts["datasets_image"] == 8 and any(name.startswith("media/versions/") for name in hashes)
    made = site.told("backup", str(folder))
    assert (made["missing"], made["files"], made["rows"]) == (0, len(hashes), sum(counts.values()))
    shutil.rmtree(site.data)
    restored = site.told("restore", str(folder))
    assert restored["snapshot"] == made["snapshot"]
    assert (site.counts(), site.hashes()) == (counts, hashes)
    assert site.told("verify", "--deep")["ok"]


def test_wiped_and_restored_it_is_the_same_on_postgres(tmp_path):
    folder = tmp_path / "backups"
    with postgres_server() as url:
        site = Site(tmp_path / "data", url)
        site.fill()
        counts, hashes = site.counts(), site.hashes()
        made = site.told("backup", str(folder))
        assert made["database"] == "postgresql"
        assert made["rows"] == sum(counts.values()) and made["missing"] == 0
        shutil.rmtree(site.data)
        refused = site.run("restore", str(folder), check=False)
        assert refused.returncode == 1 and "the database has the table" in refused.stderr
        with psycopg.connect(url, autocommit=True) as base:
            base.execute("DROP SCHEMA public CASCADE")
            base.execute("CREATE SCHEMA public")
        site.told("restore", str(folder))
        assert (site.counts(), site.hashes()) == (counts, hashes)
        assert site.told("verify", "--deep")["ok"]
        other = Site(tmp_path / "sqlite")
        assert other.refusal("restore", str(folder))[0] == "other_database"


def test_a_second_backup_copies_only_what_is_new(site, tmp_path):
    folder = tmp_path / "backups"
    first = site.json("backup", str(folder))
    before = {path: path.stat().st_mtime_ns for path in objects(folder)}
    photo = next((site.data / "media" / "images").glob("*/*"))
    photo.with_name("new.jpg").write_bytes(b"a new one")
    second = site.json("backup", str(folder))
    assert (first["copied"], second["copied"]) == (len(site.hashes()) - 1, 1)
    assert {path: path.stat().st_mtime_ns for path in before} == before, "what is there is not written again"
    listed = site.json("backup", str(folder), "--list")["snapshots"]
    assert [row["snapshot"] for row in listed] == [second["snapshot"], first["snapshot"]]
    assert listed[0]["files"] == listed[1]["files"] + 1


def test_a_file_that_changed_is_copied_and_the_older_snapshot_keeps_the_older_bytes(site, empty, tmp_path):
    folder, events = tmp_path / "backups", site.data / "runs" / "1" / "events.jsonl"
    first = site.json("backup", str(folder))
    events.write_text("longer than it was before, by far")
    site.json("backup", str(folder))
    empty.json("restore", str(folder), "--snapshot", first["snapshot"])
    assert (empty.data / "runs" / "1" / "events.jsonl").read_text() == "what is in runs/1/events.jsonl"


def test_keep_drops_older_snapshots_and_what_only_they_needed(site, tmp_path):
    folder, events = tmp_path / "backups", site.data / "runs" / "1" / "events.jsonl"
    site.json("backup", str(folder))
    events.write_text("another text")
    last = site.json("backup", str(folder), "--keep", "1")
    assert last["freed_bytes"] > 0 and len(site.json("backup", str(folder), "--list")["snapshots"]) == 1
    assert site.json("backup", str(folder), "--check")["snapshots"] == 1


def test_what_somebody_is_writing_neither_stops_it_nor_is_in_it(site, empty, tmp_path):
    before = site.counts()
    writer = sqlite3.connect(site.data / "db.sqlite3", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM datasets_box")
    site.json("backup", str(tmp_path / "backups"))
    writer.execute("COMMIT")
    writer.close()
    empty.json("restore", str(tmp_path / "backups"))
    assert empty.counts() == before and site.counts()["datasets_box"] == 0


def test_a_photo_that_rows_name_and_is_gone_is_said(site, tmp_path):
    next((site.data / "media" / "images").glob("*/*")).unlink()
    assert site.json("backup", str(tmp_path / "backups"))["missing"] == 1


def test_it_never_overwrites_anything(site, empty, tmp_path):
    folder = tmp_path / "backups"
    site.json("backup", str(folder))
    before = site.hashes()
    code, sentence = site.refusal("restore", str(folder))
    assert code == "site_not_empty" and "never overwrites" in sentence and site.hashes() == before
    empty.data.mkdir()
    (empty.data / "mine.txt").write_text("mine")
    assert empty.refusal("restore", str(folder))[0] == "site_not_empty"
    (empty.data / "mine.txt").unlink()
    with empty.inside():
        call_command("migrate", verbosity=0)
    assert empty.refusal("restore", str(folder))[0] == "site_not_empty"


@pytest.mark.parametrize("damage", ["other bytes", "missing", "cut off"])
def test_a_damaged_backup_is_refused_before_anything_is_written(site, empty, tmp_path, damage):
    folder = tmp_path / "backups"
    made = site.json("backup", str(folder))
    victim = objects(folder)[3]
    if damage == "missing":
        victim.unlink()
    else:
        data = victim.read_bytes()
        victim.write_bytes(data[:-1] + b"?" if damage == "other bytes" else data[:-1])
    code, sentence = empty.refusal("restore", str(folder))
    assert code == "backup_damaged" and victim.name in sentence
    assert list(empty.hashes()) == ["secret_key"]
    assert site.refusal("backup", str(folder), "--check")[0] == "backup_damaged"
    snapshot = folder / "snapshots" / f"{made['snapshot']}.json.gz"
    snapshot.write_bytes(gzip.compress(gzip.decompress(snapshot.read_bytes()).replace(b"media", b"other")))
    assert empty.refusal("restore", str(folder))[0] == "backup_damaged"


def rewritten(folder, change):
    """The newest snapshot with something else in it, under a name that fits."""
    file = max((folder / "snapshots").iterdir())
    values = json.loads(gzip.decompress(file.read_bytes()))
    change(values)
    data = json.dumps(values).encode()
    name = f"99999999T000000Z-{hashlib.sha256(data).hexdigest()[:16]}.json.gz"
    (folder / "snapshots" / name).write_bytes(gzip.compress(data))


OLDER = {"datasets": "0021", "training": "0007", "detections": "0004"}


def test_a_backup_of_an_older_release_is_brought_up_to_date(site, empty, tmp_path):
    folder, counts = tmp_path / "backups", site.counts()
    for app, number in OLDER.items():
        site.run("migrate", app, number, "-v0")
    assert "[ ] 0022" in site.run("showmigrations", "datasets").stdout
    site.told("backup", str(folder))
    empty.told("restore", str(folder))
    assert "[ ]" not in empty.run("showmigrations").stdout
    assert empty.counts() == counts
    assert empty.told("verify", "--deep")["ok"]


def test_a_backup_of_a_newer_release_is_refused(site, empty, tmp_path):
    folder = tmp_path / "backups"
    site.json("backup", str(folder))
    rewritten(folder, lambda values: values["database"]["migrations"].append(["datasets", "9999_from_the_future"]))
    code, sentence = empty.refusal("restore", str(folder))
    assert code == "backup_of_newer_release" and "9999_from_the_future" in sentence
    mark = folder / "sw_site-backup.json"
    mark.write_text(json.dumps({"format": 99}))
    assert empty.refusal("restore", str(folder))[0] == "backup_of_other_release"
    mark.unlink()
    assert empty.refusal("restore", str(folder))[0] == "no_backup"


def test_a_snapshot_cannot_write_outside_the_site(site, empty, tmp_path):
    folder = tmp_path / "backups"
    site.json("backup", str(folder))

    def climb(values):
        values["files"][0][1] = "../../outside.txt"

    rewritten(folder, climb)
    assert empty.refusal("restore", str(folder))[0] == "backup_damaged"
    assert not (tmp_path / "outside.txt").exists()


def test_a_restore_that_was_cut_off_goes_on_and_the_site_waits_for_it(site, empty, tmp_path):
    folder = tmp_path / "backups"
    made, hashes = site.json("backup", str(folder)), site.hashes()
    empty.json("restore", str(folder))
    (empty.data / "restore-unfinished").write_text(made["snapshot"])
    for path in (empty.data / "media").rglob("*.jpg"):
        path.unlink()
    (empty.data / "db.sqlite3").unlink()
    serve = empty.run("serve", check=False, PORT="0")
    assert serve.returncode and "restore" in serve.stderr
    empty.json("restore", str(folder))
    assert empty.hashes() == hashes and empty.counts()["datasets_image"] == 8


def test_places_that_are_no_good_for_backups(site, tmp_path):
    assert site.refusal("backup", str(site.data / "backups"))[0] == "backup_inside_site"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "text").write_text("mine")
    assert site.refusal("backup", str(tmp_path / "mine"))[0] == "not_a_backup_folder"
    assert site.refusal("backup")[0] == "no_backup_folder"
    with override_settings(BACKUP_DIR=str(tmp_path / "set")):
        assert site.json("backup")["folder"] == str(tmp_path / "set")


def test_the_release_is_the_one_of_the_project():
    assert f'version = "{RELEASE}"' in (ROOT / "pyproject.toml").read_text()


@pytest.fixture
def staff(visitor):
    visitor.force_login(make_user("root", is_staff=True))
    return visitor


def test_page_and_api_start_a_backup_and_list_them(staff, client, site, settings, tmp_path):
    assert "Set <code>SW_BACKUP_DIR</code>" in staff.get(reverse("upkeep")).content.decode()
    refused = staff.post("/api/v1/upkeep/backups")
    assert refused.status_code == 400 and refused.json()["error"]["code"] == "no_backup_folder"
    settings.BACKUP_DIR = str(tmp_path / "backups")
    assert "There is none yet" in staff.get(reverse("upkeep")).content.decode()
    site.json("backup", settings.BACKUP_DIR)
    staff.post(reverse("upkeep"), {"action": "backup"})
    job = Job.objects.get(kind="backup")
    assert staff.post("/api/v1/upkeep/backups").json()["job"] == job.pk, "it is on its way already"
    (listed,) = staff.get("/api/v1/upkeep/backups").json()["items"]
    assert listed["snapshot"] in staff.get(reverse("upkeep")).content.decode()
    assert staff.get(f"/api/v1/upkeep/backups/{job.pk}").json()["state"] == JobState.QUEUED
    assert client.post("/api/v1/upkeep/backups").status_code == 403
    assert client.get("/api/v1/upkeep/backups").status_code == 403


def test_the_job_makes_a_backup(site, tmp_path):
    with site.inside(), override_settings(BACKUP_DIR=str(tmp_path / "backups")):
        job = start_backup(None)
        assert run_here(job).state == JobState.SUCCEEDED and "files were new" in job.message
    assert len(site.json("backup", str(tmp_path / "backups"), "--list")["snapshots"]) == 1
