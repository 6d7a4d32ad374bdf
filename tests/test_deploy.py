"""deploy/: what can be checked of it without building a container or starting a unit."""

import configparser
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.web_requirements import web_nodeps, web_requirements

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
ENGINE = {"tensorflow", "tf_keras", "keras", "object_detection", "official", "tf_slim", "tf2onnx", "pycocotools"}
#: Runs in an environment that has requirements-web.txt and what it pulls in, and nothing else.
AS_WEB = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("check")
import importlib, pathlib
for room in ("sw_site", "datasets", "training", "detections"):
    for file in sorted(pathlib.Path(room).rglob("*.py")):
        name = ".".join(file.with_suffix("").parts)
        if "engine" not in name and "migrations" not in name and not name.endswith("__main__"):
            importlib.import_module(name.removesuffix(".__init__"))
from django.contrib.auth import get_user_model
from django.test import Client
client = Client(HTTP_HOST="localhost")
client.force_login(get_user_model().objects.create_superuser("root", password="x"))
pages = ("/", "/datasets/", "/training/", "/training/models/", "/detections/", "/jobs/", "/upkeep/")
for path in (*pages, "/health", "/ready"):
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
print("served")
"""


def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def units():
    for file in sorted((DEPLOY / "systemd").glob("*.service")):
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str
        unit.read(file)
        yield file, unit


def test_the_list_without_the_engine_is_current():
    assert (ROOT / "requirements-web.txt").read_text() == web_requirements(), "run deploy/web_requirements.py"
    assert (ROOT / "requirements-web-nodeps.txt").read_text() == web_nodeps(), "run deploy/web_requirements.py"
    names = {line.split("==")[0] for line in web_requirements().splitlines() if line and line[0] != "#"}
    whole = {line.split("==")[0] for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line}
    assert names < whole and not names & ENGINE and {"django", "gunicorn", "onnxruntime"} <= names


def pulled_in(lines):
    """Distributions that pip would install for these lines of a requirements file, by what is installed here."""
    found, waiting = {}, [Requirement(line) for line in lines if line and line[0] != "#"]
    while waiting:
        wanted = waiting.pop()
        key = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if key in found:
            continue
        found[key] = distribution(wanted.name)
        for line in found[key].requires or ():
            part = Requirement(line)
            if part.marker is None or any(part.marker.evaluate({"extra": extra}) for extra in ["", *wanted.extras]):
                waiting.append(part)
    return {key[0]: found[key] for key in found}


def clean_environment(folder):
    """A virtual environment of what the web image installs; its packages are links to those installed here."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    bucket = (ROOT / "requirements-s3.txt").read_text()
    whole = pulled_in([*web_requirements().splitlines(), *bucket.splitlines()])
    alone = [distribution(line.split("==")[0]) for line in web_nodeps().splitlines() if "==" in line]
    for found in [*whole.values(), *alone]:
        tops = {file.parts[0] for file in found.files} - {"..", "__pycache__"}
        for top in tops:
            if not (packages / top).exists():
                (packages / top).symlink_to(found.locate_file(top))
    return folder / "bin" / "python"


def test_a_web_process_needs_nothing_of_the_engine(tmp_path):
    python = clean_environment(tmp_path / "venv")
    environment = {**os.environ, "DATA_DIR": str(tmp_path / "data"), "DJANGO_SETTINGS_MODULE": "sw_site.settings"}
    for engine in ("tensorflow", "object_detection"):
        absent = subprocess.run([python, "-c", f"import {engine}"], cwd=tmp_path, capture_output=True, text=True)
        assert "ModuleNotFoundError" in absent.stderr
    static = [python, "manage.py", "collectstatic", "--no-input", "-v0"]
    subprocess.run(static, cwd=ROOT, env=environment, check=True, capture_output=True)
    done = subprocess.run([python, "-c", AS_WEB], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "served" in done.stdout, done.stderr[-3000:]


def test_six_containers_at_most_and_each_can_start():
    services = compose()["services"]
    assert set(services) == {"web", "worker", "gpu-worker", "postgres", "redis", "proxy"}
    for name, service in services.items():
        assert service["restart"] == "unless-stopped", name
        for other in service.get("depends_on", {}):
            assert other in services
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        if service.get("command", [""])[0] == "python":
            assert service["command"][2] in get_commands()
    for volume in [v for s in services.values() for v in s.get("volumes", ())]:
        source = volume.split(":")[0]
        assert source in compose()["volumes"] or source.startswith("./nginx/")


def test_variables_of_the_containers_are_settings():
    documented = (ROOT / "docs" / "settings.md").read_text()
    ours = set(compose()["x-site"]["environment"])
    ours |= set(re.findall(r"\b([A-Z_]+)=", "".join(re.findall(r"^ENV (.*)$", docker_text(), re.M))))
    assert {name for name in ours - {"PYTHONUNBUFFERED", "PATH"} if f"`{name}`" not in documented} == set()


def docker_text():
    return "\n".join((DEPLOY / name).read_text() for name in ("Dockerfile.web", "Dockerfile.engine"))


def test_dockerfiles_copy_what_there_is_and_do_not_run_as_root():
    for name in ("Dockerfile.web", "Dockerfile.engine"):
        text = (DEPLOY / name).read_text()
        for line in re.findall(r"^COPY (?:--\S+ )?(.*)$", text, re.M):
            *sources, _ = line.split()
            assert all(source == "." or any(ROOT.glob(source)) for source in sources), line
        assert text.rindex("USER 10001") > text.rindex("RUN "), name
    assert "requirements-web.txt" in (DEPLOY / "Dockerfile.web").read_text()


@pytest.mark.skipif(not shutil.which("hadolint"), reason="hadolint is not installed")
def test_hadolint_finds_nothing_in_the_dockerfiles():
    done = subprocess.run(["hadolint", *DEPLOY.glob("Dockerfile.*")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_units_start_commands_that_exist_and_stop_kindly():
    found = {file.stem: unit["Service"] for file, unit in units()}
    assert set(found) == {"sw-site-web", "sw-site-worker", "sw-site-gpu-worker"}
    for service in found.values():
        program, script, command, *_ = service["ExecStart"].split()
        assert program == "/opt/sw_site/.venv/bin/python" and script == "manage.py" and command in get_commands()
        assert int(service["TimeoutStopSec"]) > 30 and service["NoNewPrivileges"] == "true"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path):
    for file, _ in units():
        text = file.read_text().replace("/opt/sw_site/.venv/bin/python", sys.executable).replace("/opt/sw_site", "/tmp")  # noqa: S108
        (tmp_path / file.name).write_text(text)
    said = subprocess.run(["systemd-analyze", "verify", *tmp_path.glob("*.service")], capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert "Unknown" not in said.stderr


@pytest.mark.skipif(not (shutil.which("nginx") and shutil.which("openssl")), reason="nginx or openssl is not installed")
def test_nginx_takes_its_configuration(tmp_path):
    key = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=test"]
    files = ["-keyout", str(tmp_path / "privkey.pem"), "-out", str(tmp_path / "fullchain.pem")]
    subprocess.run([*key, *files], check=True, capture_output=True)
    site = (DEPLOY / "nginx" / "site.conf").read_text()
    site = site.replace("/etc/nginx/certs", str(tmp_path)).replace("web:8000", "127.0.0.1:8000")
    (tmp_path / "site.conf").write_text(site)
    whole = (
        f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; include {tmp_path}/site.conf; }}"
    )
    (tmp_path / "nginx.conf").write_text(whole)
    argv = ["nginx", "-t", "-q", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
