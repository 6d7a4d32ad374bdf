"""What the table of variables says to people: as a document, for the site at hand, and of names that nobody reads."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from sw_site.env.variables import GROUPS, VARIABLES, Variable

BEGIN = "<!-- From here to the next such line: manage.py settings --reference, out of sw_site/env/variables.py -->\n"
END = "<!-- end of what is made -->\n"
OURS = "SW_"


def markdown() -> str:
    """A table for each group."""
    return "\n".join("".join(lines(title, group)) for title, group in GROUPS.items())


def lines(title: str, group: list[Variable]) -> Iterator[str]:
    yield f"## {title}\n\n| variable | without it | what it does |\n|---|---|---|\n"
    for variable in group:
        choices = f"; one of {listed(variable.choices)}" if variable.choices else ""
        yield f"| `{variable.name}` | {without(variable)} | {variable.says}{choices} |\n"


def without(variable: Variable) -> str:
    return variable.otherwise or (f"`{variable.stands}`" if variable.stands else "none")


def listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def renewed(document: str) -> str:
    """`document` with the tables of today between its marks.

    Raises:
        ValueError: it has no marks.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("The document does not have the two lines between which the tables stand.")
    return f"{before}{BEGIN}\n{markdown()}\n{END}{after}"


def in_force(environment: Mapping[str, str] = os.environ) -> list[dict[str, Any]]:
    """Each variable: `name`, `group`, `set` (by somebody), `value` (None of a secret that is set), `otherwise`."""
    return [
        {
            "name": variable.name,
            "group": title,
            "set": bool(given),
            "value": shown(variable, given),
            "otherwise": without(variable).replace("`", ""),
        }
        for title, group in GROUPS.items()
        for variable in group
        for given in [environment.get(variable.name, "")]
    ]


def shown(variable: Variable, given: str) -> str | None:
    return None if given and variable.secret else given or variable.stands


def misspelt(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Names that are nearly one of ours, and which; others that begin alike may be somebody else's."""
    strangers = [name for name in environment if name.startswith(OURS) and name not in VARIABLES]
    near = {name: get_close_matches(name, VARIABLES, n=1, cutoff=0.8) for name in strangers}
    return {name: found[0] for name, found in near.items() if found}


def warnings(environment: Mapping[str, str] = os.environ) -> list[str]:
    return [
        f"{name} is set, and nothing reads it. Is {meant} meant? docs/settings.md lists all there are."
        for name, meant in misspelt(environment).items()
    ]
