"""DATABASE_URL, and what an operator is told when it is wrong."""

import os

import pytest

from sw_site.databases import database, web_processes


def test_without_an_address_it_is_sqlite_in_the_data_folder(tmp_path):
    found = database("", tmp_path)
    assert found["NAME"] == tmp_path / "db.sqlite3" and "WAL" in found["OPTIONS"]["init_command"]


def test_an_address_of_postgres(tmp_path):
    found = database("postgres://droid:beep%40boop@db.example:5433/sw?sslmode=require", tmp_path)
    assert found["ENGINE"] == "django.db.backends.postgresql"
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"], found["NAME"]) == (
        "droid", "beep@boop", "db.example", 5433, "sw",
    )  # fmt: skip
    assert found["OPTIONS"]["sslmode"] == "require" and found["CONN_HEALTH_CHECKS"]


def test_a_dead_line_is_noticed_before_a_job_is_given_away(tmp_path, settings, monkeypatch):
    options = database("postgres://db.example/sw", tmp_path)["OPTIONS"]
    noticed = options["keepalives_idle"] + options["keepalives_count"] * options["keepalives_interval"]
    assert noticed <= 20 and options["tcp_user_timeout"] == 20_000 and settings.JOB_LOST_AFTER_SECONDS > 20
    monkeypatch.setenv("SW_DATABASE_PATIENCE", "5")
    assert database("postgres://db.example/sw?connect_timeout=9", tmp_path)["OPTIONS"]["tcp_user_timeout"] == 5000


def test_a_file_elsewhere_is_opened_as_the_one_in_the_data_folder(tmp_path):
    found = database(f"sqlite:///{tmp_path}/other.sqlite3", tmp_path)
    assert str(found["NAME"]) == f"{tmp_path}/other.sqlite3" and found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize("url", ["mysql://me:s3cret@host/name", "host:5432/s3cret", "s3cret", "postgres://h:s3cret/x"])
def test_an_address_that_means_nothing_is_refused_without_telling_the_password(tmp_path, url):
    with pytest.raises(ValueError, match="postgres://user:password@host") as refused:
        database(url, tmp_path)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("cores, processes", [(1, 1), (2, 2), (16, 4)])
def test_each_core_gets_a_web_process_and_sqlite_two_at_most(monkeypatch, cores, processes):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cores)))
    assert web_processes("postgres://me@host/name") == processes
    assert web_processes("") == web_processes("sqlite:////tmp/x.sqlite3") == min(processes, 2)
