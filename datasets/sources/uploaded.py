"""Files that were sent in pieces (datasets/uploads), taken out of their batch for a work of their own."""

from __future__ import annotations

import uuid
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings

from datasets.models import Dataset, Upload, UploadBatch
from sw_site.lib.errors import UserError

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from sw_site.accounts.models import User


def take_uploads(dataset: Dataset, user: User | AnonymousUser, ids: list[UUID]) -> Path:
    """Move whole files of the person's open batch into a folder of their own, and give that.

    Raises:
        UserError: one of them is not there, not whole, or of somebody else; then nothing is moved.
    """
    mine = UploadBatch.objects.visible_to(user).filter(dataset=dataset, closed_at=None)
    uploads = list(Upload.objects.filter(pk__in=ids, batch__in=mine).select_related("batch"))
    if len(uploads) != len(set(ids)) or any(upload.finished_at is None for upload in uploads):
        raise UserError("not_whole", "Not all of these files are here and whole. Send them again, then start.", 409)
    folder = Path(settings.UPLOADS_ROOT) / uuid.uuid4().hex
    for number, upload in enumerate(uploads):
        target = folder / str(number) / PurePosixPath(upload.path).name
        target.parent.mkdir(parents=True)
        (upload.batch.files / upload.path).replace(target)
        upload.delete()
    return folder
