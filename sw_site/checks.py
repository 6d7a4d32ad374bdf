"""What `manage.py check` looks at besides Django's own."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Warning, register

from sw_site.env import reference


@register()
def names_of_variables(**kwargs: Any) -> list[CheckMessage]:
    return [Warning(warning, id="sw_site.W001") for warning in reference.warnings()]
