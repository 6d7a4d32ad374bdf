"""One reader asked about a range of inputs, in a process that may crash, hang or run out of memory:

    python -m tests.fuzz.probe READER SEED START STOP FOLDER

A JSON line for each input, before it is read ({"number"}) and after ({"number", "outcome", "codes"}); `outcome` is
read, refused, or what went wrong.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

SECONDS = 5
WARM_UP_SECONDS = 100
MOST_FILE_BYTES = 512 * 2**20


class TooSlow(BaseException):
    """An input took longer than SECONDS."""


def main(name: str, seed: int, start: int, stop: int, folder: Path) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from tests.fuzz.readers import READERS, make_input

    whole = READERS[name].seeds()
    signal.signal(signal.SIGALRM, too_slow)
    warm_up(name, whole, folder)
    limit(READERS[name].memory_mb)
    for number in range(start, stop):
        say(number=number)
        say(number=number, **ask(name, make_input(name, seed, number, whole), folder))


def warm_up(name: str, whole: list[bytes], folder: Path) -> None:
    """What is imported at the first input belongs neither to its time nor to its memory."""
    ask(name, whole[0], folder, WARM_UP_SECONDS)


def limit(memory_mb: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    held = pages * resource.getpagesize() + memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (held, held))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_FILE_BYTES, MOST_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def too_slow(*_: object) -> None:
    raise TooSlow


def ask(name: str, data: bytes, folder: Path, seconds: float = SECONDS) -> dict[str, Any]:
    """What became of an input, and whether a file appeared where none belongs."""
    from tests.fuzz.readers import Refused, read

    place = folder / "a" / "b" / "c" / "place"
    shutil.rmtree(folder, ignore_errors=True)
    place.mkdir(parents=True)
    os.chdir(place)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        found: dict[str, Any] = {"outcome": "read", "codes": sorted(set(read(name, data, place)))}
    except Refused as refused:
        found = {"outcome": "refused", "codes": [refused.code]}
    except TooSlow:
        found = {"outcome": f"took longer than {SECONDS} seconds"}
    except MemoryError:
        found = {"outcome": "took more memory than it may"}
    except Exception:
        found = {"outcome": traceback.format_exc(limit=-6)}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    outside = [str(path) for path in folder.rglob("*") if place not in (path, *path.parents) and path.is_file()]
    return {"outcome": f"wrote outside its place: {outside}"} if outside else found


def say(**fields: Any) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    reader, seed, start, stop, folder = sys.argv[1:]
    main(reader, int(seed), int(start), int(stop), Path(folder))
