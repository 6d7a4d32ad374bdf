"""The picture of docs/architecture.md, kept true: who imports whom, and where TensorFlow may be."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ["sw_site", "datasets", "training", "detections"]

#: What each room may import of ours. The composition root (urls, api, pages, settings) may name every app.
ALLOWED = {
    "sw_site.lib": {"sw_site.lib", "sw_site.env"},
    "sw_site.jobs": {"sw_site.jobs", "sw_site.accounts", "sw_site.lib"},
    "sw_site.accounts": {"sw_site.accounts", "sw_site.lib"},
    "datasets": {"datasets", "sw_site.jobs", "sw_site.accounts", "sw_site.lib"},
    "training.engine": {"training.engine"},
    "training": {"training", "datasets", "sw_site.jobs", "sw_site.accounts", "sw_site.lib"},
    "detections": {"detections", "training", "datasets", "sw_site.jobs", "sw_site.accounts", "sw_site.lib"},
}
#: Rooms of plain Python: values in, values out.
PLAIN = ["training.engine", "datasets.formats", "datasets.demo", "detections.metrics"]
PLAIN_FILES = ["datasets.geometry", "datasets.pictures", "datasets.versions.splitting", "datasets.colours"]
ENGINE_ONLY = {"tensorflow", "tf_keras", "keras", "object_detection", "official", "tf_slim", "tf2onnx"}


def modules() -> list[str]:
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    return sorted(".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files)


def imports(module: str) -> set[str]:
    """Dotted names a module imports anywhere in it, type-checking blocks included."""
    tree = ast.parse((ROOT / Path(*module.split("."))).with_suffix(".py").read_text())
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".")[: -node.level] if node.level else []
            found.add(".".join([*package, *([node.module] if node.module else [])]))
    return found


def room_of(module: str) -> str | None:
    inside = [room for room in ALLOWED if module == room or module.startswith(room + ".")]
    return max(inside, key=len, default=None)


def is_below(name: str, place: str) -> bool:
    return name == place or name.startswith(place + ".")


@pytest.mark.parametrize("module", [m for m in modules() if room_of(m)])
def test_imports_point_one_way(module):
    ours = {name for name in imports(module) if name.split(".")[0] in ROOMS}
    allowed = ALLOWED[room_of(module)]
    assert {name for name in ours if not any(is_below(name, place) for place in allowed)} == set()


def test_the_engine_s_libraries_stay_in_the_engine():
    outside = [m for m in modules() if not is_below(m, "training.engine")]
    assert {m for m in outside if {name.split(".")[0] for name in imports(m)} & ENGINE_ONLY} == set()


def test_plain_rooms_know_no_django_and_no_settings():
    plain = [m for m in modules() if m in PLAIN_FILES or any(is_below(m, place) for place in PLAIN)]
    assert plain
    assert {m for m in plain if any(is_below(n, "django") or is_below(n, "ninja") for n in imports(m))} == set()


def test_only_the_queue_and_its_back_ends_know_the_task_libraries():
    libraries = {"django_tasks", "django_tasks_db", "rq", "django_rq", "celery", "kombu", "redis"}
    knowing = {m for m in modules() if {n.split(".")[0] for n in imports(m)} & libraries}
    backends = {f"sw_site.jobs.backends.{name}" for name in ("database", "rq", "celery", "results")}
    assert knowing == {"sw_site.jobs.queue"} | backends


@pytest.mark.parametrize("statement", ["import sw_site.wsgi, sw_site.urls", "import sw_site.wsgi, sw_site.jobs.queue"])
def test_neither_celery_nor_rq_nor_redis_is_loaded_when_the_database_carries_the_messages(statement, tmp_path):
    assert loaded(statement, {"celery", "kombu", "rq", "django_rq", "redis"}, tmp_path) == ""


LOADS = {
    "web": "import sw_site.wsgi, sw_site.urls",
    "worker": "import sw_site.wsgi, datasets.jobs, training.jobs, detections.jobs",
    "engine": "import training.engine",
    "predictor": "import training.engine.predictor",
    "runner": "import training.engine.runner",
}


@pytest.mark.parametrize("statement", LOADS.values(), ids=LOADS.keys())
def test_no_web_or_worker_process_loads_tensorflow(statement, tmp_path):
    assert loaded(statement, ENGINE_ONLY, tmp_path) == ""


def loaded(statement: str, names: set[str], folder: Path) -> str:
    """Which of these modules a fresh process of the site has loaded after a statement; empty for none."""
    code = f"import sys; {statement}; loaded = {names} & set(sys.modules); sys.exit(str(loaded) if loaded else 0)"
    environment = {**os.environ, "DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "sw_site.settings"}
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, env=environment)
    return run.stderr if run.returncode else ""
