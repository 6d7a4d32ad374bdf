"""What is said when the database or the disk fails: that it is not the visitor's doing, and that trying again helps.

Django's handler500. Anything else that goes wrong is a fault of ours and gets the page of one.
"""

from __future__ import annotations

import errno
import sys
from http import HTTPStatus

from django.db.utils import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

from sw_site.lib.errors import UserError
from sw_site.lib.files.where import is_gone

RETRY_SECONDS = 5
#: What SQLite says of its file, in words only.
FULL, UNWRITABLE = ("disk is full",), ("readonly database", "disk i/o error", "unable to open database")
DISK_FULL = UserError(
    "disk_full", "The server's disk is full, so nothing could be written. Tell whoever runs this site.", 507
)
DISK_UNWRITABLE = UserError("disk_unwritable", "The server cannot write to its disk. Tell whoever runs this site.", 507)
NO_FILES = UserError("files_away", "The store of the site's files does not answer now. Try again in a moment.", 503)
NO_DATABASE = UserError("database_busy", "The site's database does not answer just now. Try again in a moment.", 503)


def handler500(request: HttpRequest) -> HttpResponse:
    outage = outage_of(sys.exc_info()[1])
    if outage is None:
        return server_error(request)
    answer: HttpResponse
    if request.path.startswith("/api/"):
        answer = JsonResponse(outage.as_json(), status=outage.status)
    else:
        context = {"title": HTTPStatus(outage.status).phrase, "message": outage.message}
        # Without the request: who is signed in stands in the database.
        answer = HttpResponse(render_to_string("outage.html", context), status=outage.status)
    answer["Retry-After"] = str(RETRY_SECONDS)
    return answer


def outage_of(error: BaseException | None) -> UserError | None:
    """What there is to say of an error, or of the one that it came from; None when it is no outage."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return DISK_FULL
        if isinstance(error, OSError) and error.errno == errno.EROFS:
            return DISK_UNWRITABLE
        if is_gone(error):
            return NO_FILES
        if isinstance(error, OperationalError | InterfaceError):
            return outage_of_database(str(error).lower())
        error = error.__cause__ or error.__context__
    return None


def outage_of_database(said: str) -> UserError:
    if any(words in said for words in FULL):
        return DISK_FULL
    return DISK_UNWRITABLE if any(words in said for words in UNWRITABLE) else NO_DATABASE
