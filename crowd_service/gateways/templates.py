"""Requests to providers, written as templates. Nothing here knows Odoo."""

import json
import re
from urllib.parse import quote
from xml.sax.saxutils import escape

#: ``{to}``, ``{secret:name}``: what a template can name. Other braces are themselves.
PLACEHOLDER = re.compile(r"\{(to|text|id|sender|secret:[\w.-]+)\}")
_HEADER = re.compile(r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")


def in_json(text):
    """Return ``text`` for the inside of a JSON string."""
    return json.dumps(text)[1:-1]


def in_form(text):
    """Return ``text`` for a form or an address."""
    return quote(text, safe="")


def in_xml(text):
    """Return ``text`` for XML, in an element or an attribute."""
    return escape(text, {'"': "&quot;"})


def in_header(text):
    """Return ``text`` for a header: without line breaks."""
    return " ".join(text.split())


def in_text(text):
    """Return ``text`` as it is."""
    return text


#: Content type -> how values are written into a body of that kind.
ESCAPES = {
    "application/json": in_json,
    "application/x-www-form-urlencoded": in_form,
    "application/xml": in_xml,
    "text/plain": in_text,
}


def fill(template, values, write):
    r"""Return ``template`` with its placeholders filled in.

    :param values: ``{placeholder: text}``
    :param write: how a value is written there, ``in_json`` for example
    :raise KeyError: with the name of a placeholder that has no value

    >>> fill('{"to": "{to}", "x": {"text": "{text}"}}', {"to": "+41", "text": '"'}, in_json)
    '{"to": "+41", "x": {"text": "\\""}}'
    >>> fill("to={to}&text={text}", {"to": "+41", "text": "a b&c"}, in_form)
    'to=%2B41&text=a%20b%26c'
    """
    return PLACEHOLDER.sub(lambda match: write(values[match.group(1)]), template or "")


def placeholders(*templates):
    """Return the names of all placeholders in ``templates``.

    >>> sorted(placeholders("https://x/{secret:key}", "{to} {unknown}", None))
    ['secret:key', 'to']
    """
    return {name for text in templates for name in PLACEHOLDER.findall(text or "")}


def read_pairs(text, separator):
    """Return ``{name: value}`` of lines like ``name: value``.

    :raise ValueError: with a line that is none

    >>> read_pairs("Accept: a/b\\n\\nX-Key:  {secret:key} ", ":")
    {'Accept': 'a/b', 'X-Key': '{secret:key}'}
    """
    pairs = {}
    for line in (text or "").splitlines():
        name, found, value = line.partition(separator)
        if not line.strip():
            continue
        if not found or not _HEADER.match(name.strip()):
            raise ValueError(line.strip()[:40])
        pairs[name.strip()] = value.strip()
    return pairs


def dig(data, path):
    """Return the text at ``path`` of parsed JSON or of a form, None if there is none.

    >>> dig({"messages": [{"id": 7}]}, "messages.0.id"), dig({"a.b": "x"}, "a.b")
    ('7', 'x')
    >>> dig({"a": None}, "a"), dig([], "a"), dig({"a": {}}, "a"), dig({"a": 1}, "")
    (None, None, None, None)
    """
    if not path:
        return None
    found = data
    if isinstance(data, dict) and path in data:
        found = data[path]
    else:
        for step in path.split("."):
            found = _step(found, step)
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found) if isinstance(found, (str, int, float)) else None


def _step(data, step):
    if isinstance(data, dict):
        return data.get(step)
    if isinstance(data, list) and step.isascii() and step.isdecimal():
        return data[int(step[:6])] if int(step[:6]) < len(data) else None
    return None


def is_one_of(value, choices):
    """Tell whether ``value`` is in the comma separated ``choices``.

    >>> is_one_of("Queued", "accepted, queued"), is_one_of("", "a,"), is_one_of("x", None)
    (True, False, False)
    """
    wanted = {choice.strip().lower() for choice in (choices or "").split(",")} - {""}
    return (value or "").strip().lower() in wanted
