"""The runner of the library's own tests, on stand-in test files: what it counts and what turns it red."""

import re
import sys
import textwrap

import pytest

from tests.od_api import expected, report
from tests.od_api.__main__ import LIST, conclude
from tests.od_api.child import run_file
from tests.od_api.expected import Known
from tests.od_api.forks import run_all
from tests.od_api.inventory import TestFile, bundled_files
from tests.od_api.outcome import Outcome

STAND_IN = """
    import os, signal, time, unittest

    class SomeTest(unittest.TestCase):
        def test_passes(self):
            pass
        def test_fails(self):
            self.assertEqual(1, 2)
        def test_fails_in_parts(self):
            for part in range(3):
                with self.subTest(part=part):
                    self.fail("part")
        @unittest.skip("not here")
        def test_skipped(self):
            pass
"""
HANGS = "\n    import time\n    time.sleep(60)\n"
DIES = "\n    import os\n    os.write(2, b'last words')\n    os._exit(9)\n"


@pytest.fixture
def outcomes(tmp_path, monkeypatch):
    """Runs stand-in files, one child each; the unittest loader gets them from a package made for the occasion."""

    def run(limit=30, **sources):
        package = tmp_path / "standin"
        package.mkdir()
        for name, source in sources.items():
            (package / f"{name}_test.py").write_text(textwrap.dedent(source))
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setattr("tests.od_api.inventory.PACKAGE", "standin")
        monkeypatch.setattr("tests.od_api.child.parse_flags", lambda: None)
        files = [TestFile(f"{name}_test.py", "tf2", limit) for name in sources]
        folder = tmp_path / "answers"
        folder.mkdir()
        found = {item.file: item for item in run_all(files, run_file, folder, jobs=2, patience=1.0)}
        assert not [name for name in sys.modules if name.startswith("standin")], "the parent imported a test file"
        return [found[file.path] for file in files]

    return run


def known(*tests, file="a_test.py", mode="tf2"):
    return [Known(mode, file, tests, "a reason")]


def test_counts_a_test_that_fails_in_parts_once(outcomes):
    (outcome,) = outcomes(a=STAND_IN)
    assert set(outcome.failures) == {"SomeTest.test_fails", "SomeTest.test_fails_in_parts"}
    assert (outcome.run, outcome.passed, outcome.failed, outcome.skipped) == (4, 1, 2, 1)
    assert "1 != 2" in outcome.failures["SomeTest.test_fails"]


def test_a_file_that_does_not_import_or_dies_is_one_failure(outcomes):
    broken, dead = outcomes(broken="import no_such_package", dead=DIES)
    assert list(broken.failures) == ["import"] and "no_such_package" in broken.failures["import"]
    assert list(dead.failures) == ["crash"] and "last words" in dead.failures["crash"]
    assert (broken.run, broken.passed, broken.failed) == (0, 0, 1)


def test_a_file_over_its_limit_is_ended(outcomes):
    (slow,) = outcomes(limit=0, slow=HANGS)
    assert list(slow.failures) == ["timeout"]


def test_an_expected_failure_is_green(outcomes, capsys):
    found = outcomes(a=STAND_IN)
    assert conclude(known("SomeTest.test_fails", "SomeTest.test_fails_in_parts"), found) == 0
    assert "2  a reason" in capsys.readouterr().out


def test_an_unexpected_failure_is_red(outcomes, capsys):
    assert conclude(known("SomeTest.test_fails"), outcomes(a=STAND_IN)) == 1
    assert "NOT EXPECTED  a_test.py  SomeTest.test_fails_in_parts" in capsys.readouterr().out


@pytest.mark.parametrize("test", ["SomeTest.test_passes", "SomeTest.test_that_was_removed", "import"])
def test_an_expected_failure_that_does_not_fail_is_red(outcomes, capsys, test):
    list_ = known("SomeTest.test_fails", "SomeTest.test_fails_in_parts", test)
    assert conclude(list_, outcomes(a=STAND_IN)) == 1
    assert f"NO LONGER FAILS  a_test.py  {test}" in capsys.readouterr().out


def test_what_depends_on_the_machine_may_pass(outcomes):
    known_ = [Known("tf2", "a_test.py", ("SomeTest.test_fails", "SomeTest.test_passes"), "a reason", may_pass=True)]
    assert conclude([*known_, *known("SomeTest.test_fails_in_parts")], outcomes(a=STAND_IN)) == 0


def test_the_list_of_another_mode_excuses_nothing():
    outcome = Outcome("tf2", "a_test.py", run=1, failures={"T.test": "why"})
    assert len(expected.unexpected(known("T.test", mode="tf1"), [outcome])) == 1


def test_totals_by_group():
    outcomes_ = [
        Outcome("tf2", "a_test.py", run=5, skipped=1, failures={"T.x": ""}),
        Outcome("tf1", "b_tf1_test.py", failures={"import": ""}),
        Outcome("tf1", "nets/c_test.py", run=2),
    ]
    rows = {line[:30].strip(): line[30:].split() for line in report.totals(outcomes_).splitlines()}
    assert rows["TF2 (plain and _tf2_test)"] == ["1", "0", "5", "3", "1", "0", "1"]
    assert rows["TF1 (_tf1_test)"] == ["1", "0", "0", "0", "1", "1", "0"]
    assert rows["TF1, slim nets and deployment"] == ["1", "1", "2", "2", "0", "0", "0"]
    assert rows["all"] == ["3", "1", "7", "5", "2", "1", "1"]


def test_files_are_given_their_mode_and_limit(tmp_path):
    for path in ("b_tf1_test.py", "a_test.py", "nets/c_test.py", "deployment/d_test.py", "e_tf2_test.py", "no.py"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    found = [(file.path, file.mode, file.limit) for file in bundled_files(tmp_path)]
    assert found == [
        ("a_test.py", "tf2", 120),
        ("e_tf2_test.py", "tf2", 120),
        ("b_tf1_test.py", "tf1", 120),
        ("deployment/d_test.py", "tf1", 120),
        ("nets/c_test.py", "tf1", 60),
    ]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[[failure]]\nmode = "tf2"\nfile = "a_test.py"\ntests = ["import"]\n', "reason"),
        ('[[failure]]\nmode = "tf3"\nfile = "a_test.py"\ntests = ["import"]\nreason = "x"\n', "tf3"),
        ('[[failure]]\nmode = "tf2"\nfile = "a_test.py"\ntests = ["x", "x"]\nreason = "x"\n', "twice"),
    ],
)
def test_an_incomplete_list_is_refused(tmp_path, text, word):
    (tmp_path / "expected.toml").write_text(text)
    with pytest.raises(ValueError, match=re.escape(word)):
        expected.load(tmp_path / "expected.toml")


def test_the_kept_list_names_files_that_exist():
    entries = {(entry.mode, entry.file) for entry in expected.load(LIST)}
    from tests.od_api.inventory import package_root

    assert entries <= {(file.mode, file.path) for file in bundled_files(package_root())}
