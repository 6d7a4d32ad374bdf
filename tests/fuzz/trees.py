"""Damage to what the bytes mean: the values of JSON, the elements of XML."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

from lxml import etree

from tests.fuzz import nasty
from tests.fuzz.raw import changed_text, damaged

DEEP = 30_000
TAGS = ("object", "bndbox", "name", "annotation", "size", "{urn:x}xmin", "a-b", "é")
ENTITIES = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%s">' % (97 + n, b"&%c;" % (96 + n) * 10) for n in range(1, 12)
)
DOCTYPES = (
    ENTITIES + b"]>",
    b'<!DOCTYPE a [<!ENTITY l SYSTEM "file:///etc/passwd">]>',
    b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd">',
    b'<!DOCTYPE a [<!ENTITY % l SYSTEM "file:///etc/passwd"> %l;]>',
    b'<?xml version="1.0" encoding="utf-7"?>',
    b'<?xml-stylesheet href="http://127.0.0.1:1/"?>',
)


def changed_json(data: bytes, random: Random, others: list[bytes]) -> bytes:
    if random.random() < 0.15:
        return changed_text(data, random, others)
    value = json.loads(data)
    for _ in range(random.randint(1, 5)):
        value = changed_value(value, random)
    try:
        text = json.dumps(value, ensure_ascii=random.random() < 0.5)
    except (RecursionError, ValueError):  # a number of thousands of digits
        text = json.dumps(str(value)[:1000])
    if random.random() < 0.03:
        text = text.replace("1", "[" * DEEP + "]" * DEEP, 1)
    return text.encode("utf-8", "surrogatepass")


def changed_value(value: Any, random: Random) -> Any:
    """One place of a tree of lists and dictionaries replaced, dropped, doubled, renamed or wrapped."""
    holders = list(_holders(value))
    if not holders or random.random() < 0.02:
        return nasty.value(random)
    holder = random.choice(holders)
    key = random.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    kind = random.randrange(6)
    if kind <= 2:
        holder[key] = nasty.value(random)
    elif kind == 3:
        del holder[key]
    elif kind == 4 and isinstance(holder, list):
        holder.extend([copy.deepcopy(holder[key])] * random.choice((1, 300)))
    elif kind == 4:
        holder[nasty.text(random)] = holder.pop(key)
    else:
        holder[key] = random.choice(([holder[key]], {"id": holder[key]}, [[holder[key]]]))
    return value


def _holders(value: Any) -> Any:
    if isinstance(value, dict | list) and value:
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _holders(inner)


def changed_xml(data: bytes, random: Random, others: list[bytes]) -> bytes:
    if random.random() < 0.2:
        return random.choice((changed_text, damaged))(data, random, others)
    root = etree.fromstring(data)
    for _ in range(random.randint(1, 5)):
        _change_element(random.choice(list(root.iter())), random)
    found = etree.tostring(root)
    if random.random() < 0.1:
        doctype = random.choice(DOCTYPES)
        found = doctype + found.replace(b"<name>", b"<name>&l;&k;", 1)
    if random.random() < 0.02:
        found = found.replace(b"<object>", b"<object>" * DEEP, 1)
    return found


def _change_element(element: Any, random: Random) -> None:
    parent, kind = element.getparent(), random.randrange(7)
    if kind <= 2:
        _set(element, "text", nasty.number(random) if random.random() < 0.6 else nasty.text(random))
    elif kind == 3 and parent is not None:
        parent.remove(element)
    elif kind == 4 and parent is not None:
        for _ in range(random.choice((1, 2, 200))):
            parent.append(copy.deepcopy(element))
    elif kind == 5:
        _set(element, "tag", random.choice(TAGS))
    else:
        element.set(random.choice(("verified", "xmlns", "id", "onload")), "yes")


def _set(element: Any, name: str, value: str) -> None:
    """lxml refuses what XML cannot hold: then the element is emptied."""
    try:
        setattr(element, name, value)
    except ValueError:
        element.text = None
