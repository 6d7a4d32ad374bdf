"""A mixed day at the site: people who label, look and upload, and a training that runs.

    python -m benchmarks.load [--postgres] [--labellers 50] [--lookers 10] [--uploaders 2] [--no-training]
    python -m benchmarks.load --knee        more and more labellers until a goal is missed or a request fails
    python -m benchmarks.load --minutes 60  says by how much memory and open files have grown, too

Wants locust (MIT): pip install -r benchmarks/load/requirements.txt. A site of its own on a free port, on the two cores
that the people's side needs, too. Prints one JSON object. Goals: p95 of a save 250 ms and of a page 400 ms, no request
failed, memory and open files within 5 % in an hour.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.load.watch import fifths, growth, holding

if TYPE_CHECKING:
    from tests.e2e.conftest import Site

GOALS = {"save": 250, "page": 400}
KNEE = (50, 75, 100, 125, 150, 175, 200, 250, 300, 400)
#: Fifty people label some 330 photos a minute; who finds the queue empty asks for work and does none.
PHOTOS, PHOTOS_A_MINUTE, LABELLED = 6000, 400, 600
SAMPLE_S = 5
#: A longer time is told in pieces of this.
LINE_MINUTES = 10
PEOPLE = """
from django.contrib.auth import get_user_model
from django.test import Client
from datasets.models import Dataset
import json
User = get_user_model()
users = User.objects.bulk_create([User(username=f"person{{n}}", is_staff=True) for n in range({count})])
clients = [Client() for _ in users]
for user, client in zip(users, clients):
    client.force_login(user)
dataset = Dataset.objects.get(name="Load")
print(json.dumps({{"slug": dataset.slug, "classes": list(dataset.classes.values_list("pk", flat=True)),
                  "sessions": [client.cookies["sessionid"].value for client in clients]}}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgres", action="store_true", help="On a Postgres of its own, not on SQLite.")
    parser.add_argument("--labellers", type=int, default=50)
    parser.add_argument("--lookers", type=int, default=10)
    parser.add_argument("--uploaders", type=int, default=2)
    parser.add_argument("--no-training", action="store_true")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--knee", action="store_true")
    options = parser.parse_args()
    if find_spec("locust") is None:
        parser.error("locust is not installed: pip install -r benchmarks/load/requirements.txt")
    # What the helpers of the tests import wants settings; the site itself has a folder of its own.
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sw-site-load-")))
        environment = {"SW_DEMO": "0", "SW_TEAM_ROLE": "manager", "SW_API_RATE": "1000000/m", "DATABASE_URL": ""}
        if options.postgres:
            from tests.postgres import postgres_server

            url = stack.enter_context(postgres_server("fsync=on", "synchronous_commit=on"))
            environment["DATABASE_URL"] = url
        site = stack.enter_context(served(folder, environment))
        photos = max(PHOTOS, round(PHOTOS_A_MINUTE * options.minutes * options.labellers / 50))
        plan = prepared(site, folder, environment, photos, training=not options.no_training)
        people = {"labellers": options.labellers, "lookers": options.lookers, "uploaders": options.uploaders}
        result = knee(plan, people, folder) if options.knee else held(plan, people, folder, options.minutes, site)
    database = "postgres" if options.postgres else "sqlite"
    print(json.dumps({"database": database, "training": not options.no_training, "goals": GOALS, **result}, indent=1))


@contextmanager
def served(folder: Path, environment: dict[str, str]) -> Iterator[Site]:
    from tests.e2e.conftest import start_site

    site = start_site(folder / "site", **environment)
    try:
        yield site
    finally:
        site.stop()


def prepared(site: Site, folder: Path, environment: dict[str, str], photos: int, *, training: bool) -> dict[str, Any]:
    """Photos, of which a tenth has labels, people who are signed in, and a training begun."""
    from benchmarks.datasets.corpus import write_corpus
    from tests.e2e.labelling import command, manage

    write_corpus(folder / "corpus", photos)
    for path in sorted((folder / "corpus" / "annotations").iterdir())[LABELLED:]:
        path.unlink()
    command(site, "import_dataset", str(folder / "corpus"), "--dataset", "Load", environment=environment)
    count = max(KNEE) + 100
    told = json.loads(manage(site, "shell", "-v", "0", "-c", PEOPLE.format(count=count), environment=environment))
    if training:
        command(site, "create_version", "Load", environment=environment)
        manage(site, "train", "Load", "--steps", "100000", "--input-size", "224", "--queue", environment=environment)
    return {"url": site.url, "photo": str(folder / "corpus" / "images" / "000000.jpg"), **told}


def held(plan: dict[str, Any], people: dict[str, int], folder: Path, minutes: float, site: Site) -> dict[str, Any]:
    count = max(1, round(minutes / LINE_MINUTES))
    step = {"people": people, "settle_s": 30, "lines": count, "line_s": 60 * minutes / count}
    samples: list[dict[str, Any]] = []
    end = threading.Event()

    def watch() -> None:
        while not end.wait(SAMPLE_S):
            samples.append(holding(site.process.pid))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        lines = told(crowd({**plan, "steps": [step]}, folder))
    finally:
        end.set()
        watching.join()
    means = {role: {name: fifths(samples, role, name) for name in ("mb", "files")} for role in samples[-1]}
    return {
        "minutes": minutes,
        "lines": lines,
        "met": all(map(is_met, lines)),
        "at_the_end": samples[-1],
        "fifths": means,
        "grown": {role: {name: growth(part) for name, part in parts.items()} for role, parts in means.items()},
    }


def told(lines: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """All of them, each printed as it comes: an hour is long."""
    kept = []
    for line in lines:
        print(json.dumps(line), file=sys.stderr, flush=True)
        kept.append(line)
    return kept


def knee(plan: dict[str, Any], people: dict[str, int], folder: Path) -> dict[str, Any]:
    """Lines until one misses a goal; `knee` is the most labellers that a line without a miss had."""
    steps = [{"people": {**people, "labellers": n}, "settle_s": 20, "lines": 1, "line_s": 60} for n in KNEE]
    lines: list[dict[str, Any]] = []
    for line in crowd({**plan, "steps": steps}, folder):
        print(json.dumps(line), file=sys.stderr, flush=True)
        lines.append(line)
        if not is_met(line):
            break
    good = [line["people"]["labellers"] for line in lines if is_met(line)]
    return {"lines": lines, "knee": max(good, default=None)}


def is_met(line: dict[str, Any]) -> bool:
    slow = [kind for kind, goal in GOALS.items() if line["kinds"].get(kind, {"p95": 0})["p95"] > goal]
    return not slow and not line["failed"]


def crowd(plan: dict[str, Any], folder: Path) -> Iterator[dict[str, Any]]:
    """What the people's side tells; ended when nobody asks for more lines."""
    path = folder / "plan.json"
    path.write_text(json.dumps(plan))
    argv = [sys.executable, "-m", "benchmarks.load.crowd", str(path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield from map(json.loads, process.stdout)
        finally:
            process.kill()


if __name__ == "__main__":
    main()
