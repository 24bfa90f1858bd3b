"""Elements of HTML and SVG as strings that any XML parser accepts, whatever the labels hold."""

from __future__ import annotations

import re
from html import escape
from typing import NewType

Markup = NewType("Markup", str)  # text that is markup already: escaped where it came from elsewhere

# What XML 1.0 does not allow even when escaped: control characters, lone surrogates and the last two of a plane.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def escaped(text: str) -> Markup:
    """Any text, safe inside an element and inside a quoted attribute; what XML does not allow is replaced by U+FFFD.

    >>> escaped('<script>"x" & y')
    '&lt;script&gt;&quot;x&quot; &amp; y'
    """
    if not text.isprintable():  # which all forbidden characters are not
        text = _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
    return Markup(escape(text))


def element(tag: str, /, *children: Markup, **attributes: str | float) -> Markup:
    """One element; an underscore in the name of an attribute stands for a hyphen, ``class_`` for class.

    >>> element("text", escaped("a<b"), x=1.50, font_size=9, class_="note")
    '<text x="1.5" font-size="9" class="note">a&lt;b</text>'
    >>> element("br")
    '<br/>'
    """
    written = "".join([f' {_name(name)}="{_value(value)}"' for name, value in attributes.items()])
    return Markup(f"<{tag}{written}>{''.join(children)}</{tag}>" if children else f"<{tag}{written}/>")


def joined(*parts: Markup) -> Markup:
    """Several pieces one after the other."""
    return Markup("".join(parts))


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return escaped(value) if isinstance(value, str) else f"{round(value, 2):g}"
