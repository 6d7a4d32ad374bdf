"""The metrics are plain Python: usable without the site, and never a reason to load TensorFlow."""

import subprocess
import sys

PROGRAM = """
import sys
import detections.metrics.report
print(sorted({"django", "tensorflow", "training", "datasets"} & {name.split(".")[0] for name in sys.modules}))
"""


def test_metrics_import_neither_django_nor_tensorflow():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
