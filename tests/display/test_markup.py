"""Escaping: whatever a label holds, the result is well-formed and says nothing but the label."""

from xml.etree import ElementTree

import pytest

from control_pgm.display.markup import element, escaped, joined

HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "]]>",
    "<!-- -->",
    "a & b &lt; c",
    "line\nbreak\ttab",
    "{}%s\\",
    "𝒪 → ∞ \u202e",
]
FORBIDDEN = ["\x00", "\x1b[31m", "\x08", "\ud800", "\ufffe", "\uffff", "\x7f"]


@pytest.mark.parametrize("label", HOSTILE)
def test_labels_come_back_as_they_were(label):
    root = ElementTree.fromstring(element("text", escaped(label), class_="note", aria_label=label))
    assert root.text == label
    assert list(root) == []
    assert set(root.attrib) == {"class", "aria-label"}


@pytest.mark.parametrize("label", FORBIDDEN)
def test_what_xml_forbids_is_replaced(label):
    text = element("text", escaped(f"a{label}b"), title=f"a{label}b")
    root = ElementTree.fromstring(text.encode("utf-8"))
    assert root.text[0] + root.text[-1] == "ab"
    assert "\N{REPLACEMENT CHARACTER}" in root.text
    assert root.get("title") == root.text


def test_numbers_are_short_and_elements_nest():
    inner = element("circle", cx=1 / 3, cy=-0.0, r=2.0)
    assert element("g", joined(inner, inner)).count('cx="0.33"') == 2
    assert 'r="2"' in inner
