"""What the API is sent: kinds as JSON has them, and nothing that nobody reads."""

import re
from datetime import date
from typing import Annotated, Any

from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Field

#: An id of a row, as the databases keep them.
Id = Annotated[int, Field(ge=1, lt=2**63)]
#: Whole numbers of fields that are kept in 32 bits.
Whole = Annotated[int, Field(ge=-(2**31), lt=2**31)]
#: Letters of a text in an address, of which web servers take 4,094 in all.
MOST_ASKED = 1000
Asked = Annotated[str, Field(max_length=MOST_ASKED)]


def _day(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("a day is written like 2026-01-31")
    return value


#: A day, and not a number of seconds, which would be understood too.
Day = Annotated[date, BeforeValidator(_day)]


class Body(Schema):
    """A text is no number, 1 is no yes, and a field of another name is a slip that is said, not passed over."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
