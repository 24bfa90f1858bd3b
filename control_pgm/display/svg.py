"""Hand-written SVG: the sheet, its two sets of colours, and letters.

A picture carries its own paper. Its attributes hold the colours for light pages, which every viewer understands; a
style sheet puts the dark ones in their place where the reader prefers dark. Paper and ink change together, so that a
picture reads on any page. There are no ids: pictures on one page cannot clash.
"""

from __future__ import annotations

from collections.abc import Sequence

from control_pgm.display.conventions import DARK, LIGHT
from control_pgm.display.markup import Markup, element, escaped, joined
from control_pgm.display.text import shortened

Point = tuple[float, float]

_LONGEST_TITLE = 2000
_PREFIX = "cpgm"  # of the class names, which the style sheet shares with the whole page
_FONT = "system-ui, sans-serif"
_INDEX_SIZE = 0.72  # of an index, in ems


def paint(*, fill: str = "none", stroke: str = "", width: float = 1.0) -> dict[str, str | float]:
    """The attributes that colour an element by roles of `conventions`; a fill may also be a colour of its own.

    >>> paint(fill="observed", stroke="state", width=2)
    {'class_': 'cpgm-fill-observed cpgm-stroke-state', 'fill': '#C8C8C8', 'stroke': '#0072B2', 'stroke_width': 2}
    """
    names = [_class("fill", fill)] * (fill in LIGHT) + [_class("stroke", stroke)] * bool(stroke)
    look: dict[str, str | float] = {"class_": " ".join(names)} if names else {}
    look["fill"] = LIGHT.get(fill, fill)
    if stroke:
        look |= {"stroke": LIGHT[stroke], "stroke_width": width}
    return look


def sheet(width: float, height: float, label: str, *children: Markup) -> str:
    """A whole picture on paper, with a text that stands for it.

    >>> sheet(20, 10, "nothing").partition(" width")[0]
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"'
    """
    paper = element("rect", width=width, height=height, rx=4, **paint(fill="paper"))
    return element(
        "svg",
        _STYLE,
        title(label),
        paper,
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,  # and no height, so that both shrink together where the page is narrow
        style="max-width:100%",
        font_family=_FONT,
        role="graphics-document img",
        aria_label=shortened(label, _LONGEST_TITLE),
    )


def title(text: str) -> Markup:
    """What a pointer that rests shows, and what screen readers say, of the element around it."""
    return element("title", escaped(shortened(text, _LONGEST_TITLE)))


def group(name: str, *children: Markup) -> Markup:
    """A part of a picture with a text of its own."""
    return element("g", title(name), *children, role="img")


def text(at: Point, content: Markup, *, em: float, fill: str = "text", anchor: str = "middle", **look: str) -> Markup:
    """A line of letters ``em`` pixels high, centred on a height."""
    x, y = at
    return element("text", content, x=x, y=y + 0.35 * em, font_size=em, text_anchor=anchor, **paint(fill=fill), **look)


def lines(at: Point, rows: Sequence[str], *, em: float, fill: str = "text") -> Markup:
    """Lines of letters one below the other, the whole centred on a point."""
    (x, y), step = at, 1.16 * em
    top = y - step * (len(rows) - 1) / 2
    return joined(*(text((x, top + step * i), escaped(row), em=em, fill=fill) for i, row in enumerate(rows)))


def symbol(at: Point, letter: str, index: str, *, em: float, fill: str = "text") -> Markup:
    """A letter in italics with an index below; two pieces of text, which viewers centre more reliably than one."""
    stem = 0.6 * em * len(letter) + 0.2 * em * letter.isupper()
    below = 0.58 * _INDEX_SIZE * em * len(index)
    middle = at[0] + (stem - below) / 2
    if not index:
        return text(at, escaped(letter), em=em, fill=fill, font_style="italic")
    return joined(
        text((middle, at[1]), escaped(letter), em=em, fill=fill, anchor="end", font_style="italic"),
        text((middle, at[1] + 0.25 * em), escaped(index), em=_INDEX_SIZE * em, fill=fill, anchor="start"),
    )


def path(points: Sequence[Point]) -> str:
    """The line through some points, for the attribute ``d``.

    >>> path([(0, 0), (1.25, 2)])
    'M0.0,0.0L1.2,2.0'
    """
    return "M" + "L".join([f"{x:.1f},{y:.1f}" for x, y in points])


def _class(what: str, role: str) -> str:
    return f"{_PREFIX}-{what}-{role.replace(' ', '-')}"


def _dark_style() -> Markup:
    rules = [
        f".{_class(what, role)}{{{what}:{DARK[role]}}}"
        for role in LIGHT
        if DARK[role] != LIGHT[role]
        for what in ("fill", "stroke")
    ]
    return element("style", Markup(f"@media (prefers-color-scheme:dark){{{''.join(rules)}}}"))


_STYLE = _dark_style()
