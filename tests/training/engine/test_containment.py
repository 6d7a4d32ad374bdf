"""What a hostile engine tries: each attack runs in a child that was contained as the engine is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from training.engine import containment, runner
from training.engine.rundir import RunDirectory

ROOT = Path(__file__).resolve().parents[3]
TRY = """
import ctypes, json, os, resource, socket, subprocess, sys
from pathlib import Path
from training.engine.containment import contain
run, outside, secret, port = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
import tempfile
from training.engine.containment import limits, linux
if user := int(sys.argv[5]):  # as `su` does, but for the Python that this user may not read
    os.setgroups([]), os.setgid(user), os.setuid(user)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE: or its own /proc is not its own
held = contain(run)
def tried(act):
    try:
        act()
    except Exception as error:
        return type(error).__name__
    return "done"
def connect(address):
    socket.create_connection((address, port), timeout=3).close()
def mount_again():
    linux.set_attributes("/", linux.Attributes(clear=linux.READ_ONLY), linux.AT_RECURSIVE)
def become_root_elsewhere():
    linux.call("unshare", linux.NEW_USER | linux.NEW_MOUNTS)
    linux.be_oneself(os.geteuid(), os.getegid())
    mount_again()
    outside.joinpath("b").write_text("x")
said = {
    "held": held, "secret": secret.read_text(), "names": sorted(os.environ),
    "inside": tried(lambda: run.joinpath("a").write_text("x")),
    "temporary": tried(lambda: tempfile.NamedTemporaryFile().close()),
    "outside": tried(lambda: outside.joinpath("a").write_text("x")),
    "delete": tried(lambda: secret.unlink()),
    "of a child": subprocess.run(["/bin/sh", "-c", f"echo > {outside}/c"], capture_output=True).returncode,
    "network": tried(lambda: connect("127.0.0.1")),
    "files": tried(lambda: [open("/dev/null") for _ in range(6000)]),
    "mount": tried(mount_again), "elsewhere": tried(become_root_elsewhere),
    "core": resource.getrlimit(resource.RLIMIT_CORE)[0], "cpu": resource.getrlimit(resource.RLIMIT_CPU)[0],
    "nice": os.nice(0),
}
print(json.dumps(said))
"""
SECRETS = {"SW_SECRET_KEY": "k", "DATABASE_URL": "postgres://u:p@h/d", "REDIS_URL": "r", "SW_METRICS_TOKEN": "t"}


def namespaces_are_had() -> bool:
    flags = ["--mount", "--net"] if os.geteuid() == 0 else ["--mount", "--net", "--user"]
    return subprocess.run(["unshare", *flags, "true"], capture_output=True, check=False).returncode == 0


NEEDS_NAMESPACES = pytest.mark.skipif(not namespaces_are_had(), reason="this machine lets us make no namespaces")


def users() -> list[int]:
    return [0, 65534] if os.geteuid() == 0 else [os.geteuid()]


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    for name in ("run", "outside"):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o777)
    (tmp_path / "outside" / "secret").write_text("the key")
    (tmp_path / "outside" / "secret").chmod(0o666)
    own = [folder for folder in tmp_path.parents if "pytest-" in str(folder)]  # one more for each of several processes
    for folder in (tmp_path, *own):
        folder.chmod(folder.stat().st_mode | 0o755)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def attack(place: Path, port: int, user: int) -> dict:
    values = containment.environment({containment.HIDE: str(place / "outside" / "secret")})
    argv = [sys.executable, "-c", textwrap.dedent(TRY)]
    argv += [
        str(place / "run"),
        str(place / "outside"),
        str(place / "outside" / "secret"),
        str(port),
        str(user if user != os.geteuid() else 0),
    ]
    done = subprocess.run(argv, cwd=ROOT, env=values, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@NEEDS_NAMESPACES
@pytest.mark.parametrize("user", users())
def test_a_hostile_engine_reaches_nothing(place, user):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        said = attack(place, server.getsockname()[1], user)
    assert "nothing writable but the run directory" in said["held"]
    assert said["inside"] == said["temporary"] == "done"
    refused = ("outside", "delete", "network", "files", "mount", "elsewhere")
    assert {name: said[name] for name in refused if said[name] == "done"} == {}
    assert said["of a child"] != 0 and said["secret"] == "" and said["core"] == 0 and said["cpu"] > 0
    assert said["nice"] == max(os.nice(0), containment.limits.NICE)
    assert not SECRETS.keys() & set(said["names"])
    assert sorted(path.name for path in (place / "outside").iterdir()) == ["secret"]
    assert (place / "outside" / "secret").read_text() == "the key"


# The first session of a system, that of its init, has no group: the file is there and empty.
TURN = """
import json
from training.engine.containment import limits
before = limits.AUTOGROUP.read_text()
limits.apply()
print(json.dumps([before.split()[-1:], limits.AUTOGROUP.read_text().split()[-1:]]))
"""


@pytest.mark.skipif(not containment.limits.AUTOGROUP.exists(), reason="this kernel shares nothing between sessions")
def test_its_session_waits_for_others_and_no_other_session_does():
    own, shared = (
        json.loads(subprocess.check_output([sys.executable, "-c", TURN], cwd=ROOT, text=True, start_new_session=alone))
        for alone in (True, False)
    )
    assert own == [["0"], [str(containment.limits.NICE)]] and shared[0] == shared[1]


def test_of_the_environment_only_what_an_engine_needs_is_handed_on(monkeypatch):
    for name, value in {**SECRETS, "AWS_SECRET_ACCESS_KEY": "x", "CUDA_VISIBLE_DEVICES": "1"}.items():
        monkeypatch.setenv(name, value)
    given = containment.environment({"ENGINE_PARENT": "7"})
    assert not {*SECRETS, "AWS_SECRET_ACCESS_KEY"} & given.keys()
    assert given["CUDA_VISIBLE_DEVICES"] == "1" and given["ENGINE_PARENT"] == "7" and given["PATH"]
    assert given[containment.CONTAIN] == "auto"


def test_a_word_nobody_knows_is_taken_as_the_strictest(monkeypatch):
    monkeypatch.setenv(containment.CONTAIN, "requird")
    assert containment.environment()[containment.CONTAIN] == "required"


def contained(monkeypatch, asked: str, **patches) -> str:
    monkeypatch.setenv(containment.CONTAIN, asked)
    monkeypatch.setattr(containment.limits, "apply", lambda memory_mb: None)
    monkeypatch.setattr(containment.linux, "enclose", no_namespaces)
    return containment.contain(None)


def no_namespaces(writable, hidden):
    raise OSError(1, "unshare: Operation not permitted")


def test_a_machine_without_namespaces_is_said_or_refused(monkeypatch):
    assert "limits only" in contained(monkeypatch, "auto")
    assert contained(monkeypatch, "off") == contained(monkeypatch, "") == ""
    with pytest.raises(containment.NotContained, match="cannot be contained"):
        contained(monkeypatch, "required")


def test_memory_is_limited_where_asked(tmp_path):
    code = "from training.engine.containment import limits; limits.apply(200); bytearray(300 * 2**20)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "MemoryError" in done.stderr


@NEEDS_NAMESPACES
def test_the_engine_says_in_its_log_that_it_is_contained(tmp_path):
    """A run directory without a request: refused, by an engine that was contained before it looked."""
    assert runner.start(tmp_path, "records").wait(60) != runner.DONE
    assert "Contained: limits, no network" in RunDirectory(tmp_path).log.read_text()


def test_an_export_asked_for_elsewhere_can_be_written_there(tmp_path):
    run, elsewhere = tmp_path / "run", tmp_path / "new" / "model"
    assert containment.writable_folders(run, run / "exports" / "onnx") == [run]
    assert containment.writable_folders(run, elsewhere) == [run, tmp_path / "new"] and elsewhere.parent.is_dir()
    assert containment.writable_folders(None, None) == []
