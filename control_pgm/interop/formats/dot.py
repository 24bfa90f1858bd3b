"""Models in Graphviz's DOT language, with the places of our own pictures.

The text asks for the engine ``neato`` and pins every node, so that ``dot -Tsvg network.dot`` draws time to the right.
Taking ``layout`` and ``pos`` out leaves the drawing to Graphviz.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from control_pgm.display.conventions import KIND_ROWS, LIGHT
from control_pgm.inference.problem import Evidence
from control_pgm.interop.formats.drawing import FACTOR, GAP, Drawn, DrawnEdge, DrawnNode, Place, drawn
from control_pgm.layout.placing import RADIUS
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.factor_graph import FactorGraph


def to_dot(model: BayesianNetwork | FactorGraph, evidence: Evidence | None = None, *, full: bool = False) -> str:
    """A model as text in the DOT language; the same model gives the same text.

    Parameters
    ----------
    model : BayesianNetwork or FactorGraph
    evidence : mapping, optional
        Variable name -> label: these are filled; likelihoods are drawn as a factor. Default: what the model itself has
        as observed.
    full : bool
        Whether all slices are drawn. Otherwise a network of more than eight slices shows the first five, "…" and the
        last two.

    Raises
    ------
    InvalidArgument
        If the object is neither a network nor a factor graph.
    UnknownName
        If the evidence names what does not exist.

    Examples
    --------
    >>> from control_pgm import Factor, FactorGraph, Variable
    >>> x = Variable("x", 2)
    >>> print(to_dot(FactorGraph([Factor([x], [1, 3])])))
    graph model {
      graph [layout=neato, splines=true, outputorder=edgesfirst];
      node [fontname="Helvetica", fixedsize=true, width=0.6, height=0.6, shape=circle];
      "f0" [label="", shape=square, style=filled, fillcolor="#111111", width=0.26, height=0.26, pos="0.0,0.0!"];
      "v0" [label="x", pos="1.35,0.0!"];
      "v0" -- "f0";
    }
    <BLANKLINE>
    """
    picture = drawn(model, evidence, full=full)
    directed = isinstance(model, BayesianNetwork)
    stubs = {end: f"stub{k}" for k, end in enumerate(_loose_ends(picture))}
    lines = [
        "graph [layout=neato, splines=true, outputorder=edgesfirst];",
        'node [fontname="Helvetica", fixedsize=true, width=0.6, height=0.6, shape=circle];',
        *(_node_line(node) for node in picture.nodes),
        *(f"{_quoted(key)} [shape=point, style=invis, {_pinned(end)}];" for end, key in stubs.items()),
        *(_edge_line(edge, stubs, directed) for edge in picture.edges),
    ]
    body = "".join(f"  {line}\n" for line in lines)
    return f"{'digraph' if directed else 'graph'} model {{\n{body}}}\n"


def _loose_ends(picture: Drawn) -> list[Place]:
    """The places at which edges towards left-out nodes end, each once."""
    ends = (end for edge in picture.edges for end in (edge.source, edge.target))
    return list(dict.fromkeys(end for end in ends if not isinstance(end, str)))


def _node_line(node: DrawnNode) -> str:
    attributes = {"label": _quoted(node.label)}
    if node.kind == FACTOR:
        attributes |= {"shape": "square", "style": "filled", "fillcolor": _quoted(LIGHT["factor"])}
    elif node.kind == GAP:
        attributes = {"label": _quoted("…"), "shape": "plaintext"}
        if node.label:
            attributes["xlabel"] = _quoted(node.label)
    else:
        if node.kind in KIND_ROWS:
            attributes |= {"color": _quoted(LIGHT[node.kind]), "penwidth": "2"}
        if node.observed:
            attributes |= {"style": "filled", "fillcolor": _quoted(LIGHT["observed"])}
    if node.radius != RADIUS:
        attributes["width"] = attributes["height"] = f"{2 * node.radius:g}"
    return f"{_quoted(node.key)} [{_listed(attributes.items())}, {_pinned(node.place)}];"


def _edge_line(edge: DrawnEdge, stubs: Mapping[Place, str], directed: bool) -> str:
    source, target = (_quoted(end if isinstance(end, str) else stubs[end]) for end in (edge.source, edge.target))
    plain = " [dir=none]" if directed and not edge.directed else ""
    return f"{source} {'->' if directed else '--'} {target}{plain};"


def _listed(attributes: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name}={value}" for name, value in attributes)


def _pinned(place: Place) -> str:
    return f'pos="{place[0]},{place[1]}!"'


def _quoted(text: str) -> str:
    r"""A string of the DOT language; a backslash is doubled, since it would start an escape sequence of labels.

    >>> _quoted('say "a\\b"')
    '"say \\"a\\\\b\\""'
    """
    cleaned = "".join(letter if letter.isprintable() else " " for letter in text)
    return '"' + cleaned.replace("\\", "\\\\").replace('"', '\\"') + '"'
