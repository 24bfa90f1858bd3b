r"""Models as TikZ pictures in the styles of tikz-bayesnet, to be compiled by LaTeX or pasted into a paper.

The library (``\usetikzlibrary{bayesnet}``; Dietz 2010, "Directed factor graph notation for generative models") names
the styles used here: ``latent`` for a variable, ``obs`` for an observed one, ``factor`` for a factor, ``const`` for
text without a frame.
"""

from __future__ import annotations

import re

from control_pgm.display import printable
from control_pgm.display.conventions import KIND_ROWS, LIGHT
from control_pgm.display.labels import symbol_parts
from control_pgm.inference.problem import Evidence
from control_pgm.interop.formats.drawing import FACTOR, GAP, Drawn, DrawnEdge, DrawnNode, Place, drawn
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.factor_graph import FactorGraph

_HEAD = r"""\documentclass{standalone}
\usepackage{tikz}
\usetikzlibrary{bayesnet}
"""
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
}


def to_tikz(model: BayesianNetwork | FactorGraph, evidence: Evidence | None = None, *, full: bool = False) -> str:
    r"""A model as a complete LaTeX document of class ``standalone`` with one TikZ picture.

    Parameters
    ----------
    model : BayesianNetwork or FactorGraph
        An unrolled network too; a control network shows its optimality nodes as observed.
    evidence : mapping, optional
        Variable name -> label: these are shaded; likelihoods are drawn as a factor. Default: what the model itself
        has as observed.
    full : bool
        Whether all slices are drawn. Otherwise a network of more than eight slices shows the first five, "…" and the
        last two.

    Returns
    -------
    str
        Letters outside ASCII in names are left as they are: compile such a file with LuaLaTeX or XeLaTeX.

    Raises
    ------
    InvalidArgument
        If the object is neither a network nor a factor graph.
    UnknownName
        If the evidence names what does not exist.

    Examples
    --------
    >>> from control_pgm import BayesianNetwork, CPD, Variable
    >>> rain, wet = Variable("rain", ["no", "yes"]), Variable("wet", ["no", "yes"])
    >>> net = BayesianNetwork([CPD(rain, [], [0.7, 0.3]), CPD(wet, [rain], [[0.9, 0.1], [0.2, 0.8]])])
    >>> print("\n".join(to_tikz(net, {"wet": "yes"}).splitlines()[-6:]))
    \begin{tikzpicture}
      \node[latent] (v0) at (0.0, 0.0) {rain};
      \node[obs] (v1) at (0.0, -1.35) {wet};
      \draw[->] (v0) -- (v1);
    \end{tikzpicture}
    \end{document}
    """
    picture = drawn(model, evidence, full=full)
    lines = [*map(_node_line, picture.nodes), *map(_edge_line, picture.edges)]
    body = "\n".join(f"  {line}" for line in lines)
    begin, end = r"\begin{document}" + "\n" + r"\begin{tikzpicture}", r"\end{tikzpicture}" + "\n" + r"\end{document}"
    return f"{_HEAD}{_colours(picture)}{begin}\n{body}\n{end}\n"


def tex_label(name: str) -> str:
    r"""A name in LaTeX: symbols such as s_12 as formulas, other names as text with every special character escaped.

    >>> tex_label("s_12"), tex_label("50% wet_grass")
    ('$s_{12}$', '50\\% wet\\_grass')
    """
    parts = symbol_parts(name)
    if parts is None:
        plain = printable(re.sub(r"\s+", " ", name))  # an empty line would end the paragraph
        return "".join(_ESCAPES.get(letter, letter) for letter in plain)
    letter, index = parts
    base = letter if len(letter) == 1 else rf"\mathit{{{letter}}}"
    return f"${base}_{{{index}}}$" if index else f"${base}$"


def _colours(picture: Drawn) -> str:
    """The colours of the kinds that occur."""
    kinds = {node.kind for node in picture.nodes}
    return "".join(
        rf"\definecolor{{{kind}}}{{HTML}}{{{LIGHT[kind].lstrip('#')}}}" + "\n" for kind in KIND_ROWS if kind in kinds
    )


def _node_line(node: DrawnNode) -> str:
    at = f"({node.key}) at {_place(node.place)}"
    if node.kind == FACTOR:
        return rf"\node[factor] {at} {{}};"
    if node.kind == GAP:
        note = f", label={{below:\\scriptsize {tex_label(node.label)}}}" if node.label else ""
        return rf"\node[const{note}] {at} {{$\cdots$}};"
    style = "obs" if node.observed else "latent"
    colour = f", draw={node.kind}, thick" if node.kind in KIND_ROWS else ""
    return rf"\node[{style}{colour}] {at} {{{tex_label(node.label)}}};"


def _edge_line(edge: DrawnEdge) -> str:
    source, target = _end(edge.source), _end(edge.target)
    arrow = "[->]" if edge.directed else ""
    if edge.control is None:
        return rf"\draw{arrow} {source} -- {target};"
    return rf"\draw{arrow} {source} .. controls {_place(edge.control)} .. {target};"


def _end(end: str | Place) -> str:
    return f"({end})" if isinstance(end, str) else _place(end)


def _place(place: Place) -> str:
    return f"({place[0]}, {place[1]})"
