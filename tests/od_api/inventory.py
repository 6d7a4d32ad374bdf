"""Which test files there are, in which mode each runs and for how long it may."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "object_detection"
MODES = ("tf2", "tf1")
LIMIT = 120  # seconds for one file on a processor of its own
SLIM_LIMIT = 60
LIMITS = {"nets/nasnet/nasnet_test.py": 600}  # the one file that does not fit the limit of its kind
SLIM = ("nets/", "deployment/")  # graph tests of the slim library, whatever their name


@dataclass(frozen=True)
class TestFile:
    """A test file by its path inside the package; `limit` in seconds."""

    __test__ = False  # for pytest: not a test class

    path: str
    mode: str
    limit: int

    @property
    def module(self) -> str:
        return f"{PACKAGE}.{self.path.removesuffix('.py').replace('/', '.')}"


def package_root() -> Path:
    """Where the package is installed, without importing it."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"The package {PACKAGE} is not installed; run make setup.")
    return Path(spec.submodule_search_locations[0])


def bundled_files(root: Path) -> list[TestFile]:
    """Every `*_test.py` under `root`, in order of mode and path."""
    paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*_test.py"))
    files = [TestFile(path, mode_of(path), limit_of(path)) for path in paths]
    return sorted(files, key=lambda file: (MODES.index(file.mode), file.path))


def mode_of(path: str) -> str:
    """The slim networks and what says so in its name are TensorFlow 1, everything else runs under TensorFlow 2."""
    return "tf1" if path.startswith(SLIM) or path.endswith("_tf1_test.py") else "tf2"


def limit_of(path: str) -> int:
    return LIMITS.get(path, SLIM_LIMIT if path.startswith("nets/") else LIMIT)
