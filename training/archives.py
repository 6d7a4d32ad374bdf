"""An export packed for taking away."""

from __future__ import annotations

import tempfile
import zipfile
from typing import IO

from django.utils.text import slugify

from training.cards import as_markdown, model_card
from training.models import Export


def zip_of(export: Export) -> tuple[IO[bytes], str]:
    """The export's folder and the model's card as an open zip file (deleted when closed), and the name to give it."""
    name = f"{slugify(export.model.name) or 'model'}-{export.format.replace('_', '-')}"
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it once it is sent
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        folder = export.path
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, f"{name}/{path.relative_to(folder)}")
        archive.writestr(f"{name}/REGISTRY_CARD.md", as_markdown(model_card(export.model)))
    file.seek(0)
    return file, f"{name}.zip"
