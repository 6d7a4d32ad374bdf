"""A photo of the grid. Made here and not by a template of its own: a page has a hundred, at a quarter of the cost."""

from __future__ import annotations

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString

from datasets.models import Image

register = template.Library()


@register.simple_tag
def tile(image: Image, query: str = "", pick: bool = False) -> SafeString:
    """The photo with its boxes, leading to the editor; `query` is the filter to carry along, `pick` a box to tick."""
    name = escape(image.file_name)
    photo = (
        f'<a class="photo" href="{image.href}{escape(query)}"><img src="{image.thumb_url}" '
        f'srcset="{image.large_thumb_url} 2x" alt="{name}" loading="lazy" decoding="async">'
        f"{image.overlay}{image.badges}</a>"
    )
    if not pick:
        return SafeString(photo)
    box = f'<input type="checkbox" name="image" value="{image.pk}" aria-label="Choose {name}">'
    return SafeString(f'<div class="tile">{photo}<label class="pick">{box}</label></div>')
