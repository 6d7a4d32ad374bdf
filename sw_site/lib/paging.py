"""Lists of the API: `limit` and `offset` in, `{"items", "count"}` out. Chosen by the setting NINJA_PAGINATION_CLASS."""

from __future__ import annotations

from ninja import Field
from ninja.pagination import LimitOffsetPagination

USUAL, MOST = 100, 1000
#: What a database can still count.
LAST = 2**31 - 1


class Pages(LimitOffsetPagination):
    class Input(LimitOffsetPagination.Input):
        limit: int = Field(USUAL, ge=1, le=MOST)
        offset: int = Field(0, ge=0, le=LAST)
