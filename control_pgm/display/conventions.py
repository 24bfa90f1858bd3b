"""The conventions of all pictures: colours on light and on dark paper, rows of kinds, black or white letters.

The outline shows the kind of a variable, the fill its role; nothing depends on colour alone. The named colours are
distinct also under protanopia, deuteranopia and tritanopia, and letters have a contrast of at least 4.5 : 1 (WCAG
2.1) on both kinds of paper; tests hold both. The first outlines are those of Okabe and Ito (2008).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

LIGHT: Mapping[str, str] = {
    "paper": "#FFFFFF",
    "ink": "#333333",  # edges
    "note": "#555555",  # letters beside the picture
    "text": "#000000",  # letters inside it
    "text on asked": "#000000",
    "plain": "#FFFFFF",
    "observed": "#C8C8C8",
    "asked": "#F0E442",
    "factor": "#111111",
    "wall": "#999999",
    "state": "#0072B2",
    "action": "#D55E00",
    "optimality": "#333333",
    "kind 1": "#784B1E",
    "kind 2": "#B44B78",
    "kind 3": "#3C2DC3",
    "kind 4": "#2D003C",
}  # role -> colour
DARK: Mapping[str, str] = {
    "paper": "#1C1C1E",
    "ink": "#C9C9CE",
    "note": "#B4B4BA",
    "text": "#FFFFFF",
    "text on asked": "#000000",
    "plain": "#1C1C1E",
    "observed": "#5A5A60",
    "asked": "#F0E442",
    "factor": "#EDEDED",
    "wall": "#8A8A8A",
    "state": "#56B4E9",
    "action": "#F28E4B",
    "optimality": "#E8E8E8",
    "kind 1": "#A5F0A5",
    "kind 2": "#E14B87",
    "kind 3": "#8778FF",
    "kind 4": "#E1D22D",
}
OTHER_KINDS = ("kind 1", "kind 2", "kind 3", "kind 4")

# Rows from bottom to top. Those of time's own kinds lie on their columns and between them.
KIND_ROWS = ("state", "action", "optimality")
LONE_ROWS = frozenset({"state", "action"})  # what users add of these kinds gets a row of its own

# Nine steps of "Blues" (Brewer 2003), from 0 to 1.
_BLUES = ("#F7FBFF", "#DEEBF7", "#C6DBEF", "#9ECAE1", "#6BAED6", "#4292C6", "#2171B5", "#08519C", "#08306B")


def kind_roles(kinds: Iterable[str]) -> Mapping[str, str]:
    """The role that outlines every kind; kinds without a colour of their own get one in the order of appearance.

    >>> kind_roles(["state", "", "belief"])
    {'': 'ink', 'state': 'state', 'belief': 'kind 1'}
    """
    present = [kind for kind in dict.fromkeys(kinds) if kind]
    others = [kind for kind in present if kind not in KIND_ROWS]
    chosen = {kind: OTHER_KINDS[i % len(OTHER_KINDS)] for i, kind in enumerate(others)}
    return {"": "ink", **{kind: chosen.get(kind, kind) for kind in present}}


def blues(p: float) -> str:
    """The colour of a probability; the square root sets small ones apart.

    >>> blues(0.0), blues(0.25), blues(1.0)
    ('#F7FBFF', '#6BAED6', '#08306B')
    """
    place = p**0.5 * (len(_BLUES) - 1)
    k = min(int(place), len(_BLUES) - 2)
    low, high = _channels(_BLUES[k]), _channels(_BLUES[k + 1])
    mixed = [round(a + (place - k) * (b - a)) for a, b in zip(low, high, strict=True)]
    return "#{:02X}{:02X}{:02X}".format(*mixed)


def luminance(colour: str) -> float:
    """The relative luminance of a colour written as #RRGGBB, 0 to 1 (WCAG 2.1).

    >>> luminance("#FFFFFF"), luminance("#000000")
    (1.0, 0.0)
    """
    shares = [c / 255 for c in _channels(colour)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return round(0.2126 * r + 0.7152 * g + 0.0722 * b, 12)


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.1).

    >>> contrast("#000000", "#FFFFFF")
    21.0
    """
    low, high = sorted((luminance(first), luminance(second)))
    return round((high + 0.05) / (low + 0.05), 9)


def text_colour(background: str) -> str:
    """Black or white, whichever has more contrast: at least 4.5 on any colour.

    >>> text_colour("#08306B")
    '#FFFFFF'
    """
    return max("#000000", "#FFFFFF", key=lambda ink: contrast(ink, background))


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
