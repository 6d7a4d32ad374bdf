"""Files of a run directory are whole or absent."""

import errno

import pytest

from training.engine.rundir import whole_file, write_json


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path):
    path = tmp_path / "deep" / "value.json"
    write_json(path, {"a": 1})
    with pytest.raises(OSError, match="full"), whole_file(path) as part:
        part.write_text("half")
        raise OSError(errno.ENOSPC, "full")
    assert path.read_text() == '{"a":1}\n'
    assert [file.name for file in path.parent.iterdir()] == ["value.json"]
