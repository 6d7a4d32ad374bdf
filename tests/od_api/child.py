"""Runs one test file inside the forked child and reports what its tests came to."""

from __future__ import annotations

import importlib
import io
import sys
import time
import traceback
import unittest
from typing import Any

from tests.od_api.inventory import TestFile
from tests.od_api.outcome import Outcome


class Collector(unittest.TestResult):
    """Keeps the failing tests by name; a test that fails in several sub-tests or again in tearDown counts once."""

    def __init__(self) -> None:
        super().__init__()
        self.failed: dict[str, str] = {}

    def addError(self, test: Any, err: Any) -> None:
        self._keep(test, err)

    def addFailure(self, test: Any, err: Any) -> None:
        self._keep(test, err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self._keep(test, err)

    def addUnexpectedSuccess(self, test: Any) -> None:
        self.failed[name_of(test)] = "marked as an expected failure, but it passed"

    def _keep(self, test: Any, err: Any) -> None:
        self.failed.setdefault(name_of(test), "".join(traceback.format_exception(*err)))


def name_of(test: Any) -> str:
    """`Class.method`; the library's own ids also hold the parameters, with addresses in them."""
    method = getattr(test, "_testMethodName", None)
    return f"{type(test).__name__}.{method}" if method else str(test)


def run_file(file: TestFile) -> Outcome:
    """Imports the file and runs its tests with the plain unittest loader."""
    started = time.monotonic()
    try:
        module = importlib.import_module(file.module)
        suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    except BaseException:
        return Outcome(file.mode, file.path, failures={"import": traceback.format_exc()})
    parse_flags()
    collector = Collector()
    with_output(suite, collector)
    return Outcome(
        file.mode,
        file.path,
        run=collector.testsRun,
        skipped=len(collector.skipped),
        seconds=round(time.monotonic() - started, 1),
        failures=collector.failed,
    )


def with_output(suite: unittest.TestSuite, collector: Collector) -> None:
    """Some tests write to a stream that has no file number; what they print is of no interest."""
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = io.StringIO()
    try:
        suite.run(collector)
    finally:
        sys.stdout, sys.stderr = before


def parse_flags() -> None:
    """The tests read absl flags, which are usable only once parsed."""
    from absl import flags

    if not flags.FLAGS.is_parsed():
        flags.FLAGS(["od-api-tests"])
