"""Log lines as text and as JSON, written by a process that is set up as the site's are."""

import json
import subprocess
import sys

import pytest

from sw_site.logs import logging_config

CODE = """
import logging, logging.config
from sw_site.lib.log_context import job_id, request_id
from sw_site.logs import logging_config
logging.config.dictConfig(logging_config({form!r}, "INFO"))
job_id.set(7); request_id.set("r-1")
logger = logging.getLogger("datasets.importing")
logger.info("Read %d files", 3, extra={{"seconds": 1.5}})
try:
    1 / 0
except ZeroDivisionError:
    logger.exception("It broke\\nover two lines")
logging.getLogger("somebody.else").info("quiet")
"""


def written(form):
    code = CODE.format(form=form)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr


def test_text_names_job_and_request():
    first = written("text").splitlines()[0]
    assert first.endswith("INFO datasets.importing [job 7, request r-1] Read 3 files")


def test_json_is_one_object_a_line():
    first, second = map(json.loads, written("json").splitlines())
    assert first.pop("time") and first == {
        "level": "INFO", "logger": "datasets.importing", "message": "Read 3 files",
        "request": "r-1", "job": 7, "seconds": 1.5,
    }  # fmt: skip
    assert "ZeroDivisionError" in second["exc_info"] and second["message"] == "It broke\nover two lines"


@pytest.mark.parametrize(
    ("form", "level", "name"), [("xml", "INFO", "SW_LOG_FORMAT"), ("text", "LOUD", "SW_LOG_LEVEL")]
)
def test_what_is_unknown_is_refused_with_the_choices(form, level, name):
    with pytest.raises(ValueError, match=f"{name}=.*Use one of"):
        logging_config(form, level)
