"""The page: markup, style and script from the files beside this one, the data inlined. Nothing is ever fetched."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.solutions.solution import Solution
from control_pgm.control.solve import solve
from control_pgm.display.conventions import DARK, LIGHT
from control_pgm.errors import InvalidArgument
from control_pgm.explorer.data import page_data
from control_pgm.writing import write_text

_SCRIPTS = ("text.js", "strip.js", "board.js", "details.js", "main.js")
_ROLES = ("paper", "ink", "note", "text", "plain", "observed", "asked", "wall", "state", "action", "optimality")
_ENDINGS = (".html", ".htm")


def explore(problem: Solution | ControlNetwork, path: str | Path = "explorer.html") -> Path:
    """Write a page that shows a solution step by step in any browser, from a file and without a network connection.

    The page has a slider for time, the network with the current slice, the grid (or a table of the states) coloured by
    values, messages or marginals with the policy in it, and, for the state that is clicked, the message that it
    receives with the terms that make it.

    Parameters
    ----------
    problem : Solution or ControlNetwork
        A network is solved first, ``inference="posterior"``.
    path : path
        A file that ends in .html: written whole, or not at all.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InvalidArgument
        On another object or ending.
    NotAvailable
        If the type of inference has no policy or no values to show.
    TooLarge
        If the page would be too long for a browser.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> from control_pgm import gridworld
    >>> page = explore(solve(gridworld("S.G"), 3, temperature=0.3), "grid.html")
    >>> page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    True
    """
    if isinstance(problem, ControlNetwork):
        problem = solve(problem)
    if not isinstance(problem, Solution):
        raise InvalidArgument(
            f"{type(problem).__name__} cannot be explored",
            allowed="a Solution, or a ControlNetwork made by unroll(mdp, horizon)",
        )
    if not isinstance(path, str | Path) or Path(path).suffix.lower() not in _ENDINGS:
        raise InvalidArgument(f"page {str(path)!r}", allowed=f"a file that ends in {' or '.join(_ENDINGS)}")
    return write_text(path, page_text(problem))


def page_text(solution: Solution) -> str:
    """The whole page as text."""
    parts = {
        "STYLE": _colours() + _asset("page.css"),
        "DATA": inlined(json.dumps(page_data(solution), ensure_ascii=True, allow_nan=False, separators=(",", ":"))),
        "SCRIPT": "\n".join(map(_asset, _SCRIPTS)),
    }
    page = _asset("page.html")
    before, _, rest = page.partition("{{STYLE}}")
    between, _, rest = rest.partition("{{DATA}}")
    middle, _, after = rest.partition("{{SCRIPT}}")
    return before + parts["STYLE"] + between + parts["DATA"] + middle + parts["SCRIPT"] + after


def inlined(text: str) -> str:
    r"""JSON that may stand in a script element: nothing in it can end the element or start another.

    >>> inlined('{"state": "</script><!--"}')
    '{"state": "\\u003c/script\\u003e\\u003c!--"}'
    """
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


def _colours() -> str:
    """The conventions' colours as variables of the style sheet, for light and for dark pages."""
    light, dark = ("".join(f"--{role}: {colours[role]}; " for role in _ROLES) for colours in (LIGHT, DARK))
    return f":root {{ {light}}}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark}}} }}\n"


def _asset(name: str) -> str:
    return files("control_pgm.explorer").joinpath(name).read_text(encoding="utf-8")
