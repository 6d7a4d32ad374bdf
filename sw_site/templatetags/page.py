"""Template tags of the frame (templates/base.html)."""

from __future__ import annotations

import re
from functools import cache
from pathlib import PurePosixPath

from django import template
from django.contrib.staticfiles import finders
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()

IMPORT = re.compile(r'^(?:import|export)\b[^"\n]*"(\.[^"]+\.js)";?$', re.MULTILINE)


class CaptureNode(template.Node):
    def __init__(self, nodelist: NodeList, name: str) -> None:
        self.nodelist = nodelist
        self.name = name

    def render(self, context: Context) -> str:
        context[self.name] = self.nodelist.render(context)
        return ""


@register.tag
def capture(parser: Parser, token: Token) -> CaptureNode:
    """`{% capture name %}…{% endcapture %}`: keep what is inside as `name`.

    A block may stand in a template only once, and a page's title is needed twice: in <title> and in its <h1>.
    """
    try:
        _, name = token.split_contents()
    except ValueError:
        raise template.TemplateSyntaxError("Must be written {% capture name %}.") from None
    nodelist = parser.parse(("endcapture",))
    parser.delete_first_token()
    return CaptureNode(nodelist, name)


@register.simple_tag
def module_preloads(name: str) -> SafeString:
    """Links to every module that a script imports: a browser fetches all at once, not layer after layer."""
    return format_html_join("", '<link rel="modulepreload" href="{}">', ((static(each),) for each in _modules(name)))


@cache
def _modules(name: str) -> tuple[str, ...]:
    """A module and all it imports, itself first, as names of static files."""
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        module = waiting.pop()
        path = None if module in found else finders.find(module)
        if not path:
            continue
        with open(path, encoding="utf-8") as file:
            names = IMPORT.findall(file.read())
        found[module] = None
        waiting += [_beside(module, each) for each in names]
    return tuple(found)


def _beside(module: str, relative: str) -> str:
    """ "js/editor/main.js", "../utils.js" -> "js/utils.js"."""
    parts: list[str] = []
    for part in (PurePosixPath(module).parent / relative).parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts)
