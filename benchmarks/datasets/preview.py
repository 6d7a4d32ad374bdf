"""The preview of an import beside the import itself.

    python -m benchmarks.datasets.preview --images 10000

A preview reads every image and every label, and writes nothing. Prints one JSON object. Goals: no longer than the
import, 400 MB or less, and the counts of the import to the last box.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.datasets.parts import MEMORY_MB, clock, import_all, run_parts, verdict


def look(corpus: Path) -> dict[str, Any]:
    from django.core.management import call_command

    from datasets.importing.importer import ImportOptions
    from datasets.importing.preview import preview

    call_command("migrate", verbosity=0)
    with clock() as spent:
        found = preview(None, corpus, ImportOptions({}))
    return {**spent, "images": found.images_new, "boxes": found.boxes}


PARTS = {"preview": look, "import": import_all}


def main() -> None:
    ran = run_parts("benchmarks.datasets.preview", __doc__, PARTS, 10_000)
    if ran is None:
        return
    images, figures = ran
    seen, done = figures["preview"], figures["import"]
    reached = {
        "preview_over_import": round(seen["seconds"] / done["seconds"], 3),
        "memory_mb": seen["memory_mb"],
        "counts_differ": int((seen["images"], seen["boxes"]) != (done["images"], done["boxes"])),
    }
    goals = {"preview_over_import": 1.0, "memory_mb": MEMORY_MB, "counts_differ": 0}
    print(
        json.dumps({"benchmark": "datasets_preview", "images": images, **verdict(reached, goals), **figures}, indent=1)
    )


if __name__ == "__main__":
    main()
