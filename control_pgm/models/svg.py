"""Networks, templates and factor graphs as hand-written SVG, for notebooks: the drawn part of the model, laid out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from control_pgm.display.conventions import kind_roles
from control_pgm.display.graph import DOTS_EM, Circle, Line, Note, Scene, Square, draw
from control_pgm.display.text import shortened
from control_pgm.layout.columns import Columns
from control_pgm.layout.placing import SQUARE, Edge, Layout, Node
from control_pgm.models import factor_graph_layout as factor_graph
from control_pgm.models import network_layout as network
from control_pgm.models.cpd import CPD
from control_pgm.models.loops import edges_on_loops
from control_pgm.models.outline import Directed, Outline, Undirected, graph_outline, limited, network_outline
from control_pgm.tables.factor import Factor
from control_pgm.tables.variable import Variable

_ROOM = 60  # variables in one picture
_STATES = 6  # states named in a title
_MISSING = 16  # letters of the name of a variable that is left out
_CAPTION, _LINE = 0.32, 0.24  # the first line below the nodes, and the next ones


class _Network(Directed, Protocol):
    @property
    def observed(self) -> Mapping[str, object]: ...


class _Template(Protocol):
    @property
    def initial(self) -> tuple[CPD, ...]: ...

    @property
    def step(self) -> tuple[CPD, ...]: ...


def network_picture(model: _Network) -> str:
    """A Bayesian network as SVG: slices from left to right, or layers from top to bottom.

    Of more than eight slices the first five and the last two are drawn; of more variables than fit, the first ones.

    Examples
    --------
    >>> from control_pgm import gridworld, unroll
    >>> network_picture(unroll(gridworld("S.G"), 1000)).count("<circle")
    22
    """
    outline = limited(network_outline(model, width=network.COLUMN), _ROOM)
    layout = network.outline_layout(outline)
    grey = {v.name: model.observed[v.name] for v in outline.variables if v.name in model.observed}
    scene = _scene(outline, layout, model.factors, grey)
    times = {} if layout.columns is None else {x: (f"t = {t}",) for t, x in layout.columns.visible.items()}
    return draw(_captioned(scene, outline, layout, times, ["grey: observed"] * bool(grey)), repr(model))


def factor_graph_picture(graph: Undirected) -> str:
    """A factor graph as SVG: circles for variables, squares for factors, loops set off.

    Examples
    --------
    >>> from control_pgm import Factor, FactorGraph, Variable
    >>> x, y = Variable("x", 2), Variable("y", 2)
    >>> factor_graph_picture(FactorGraph([Factor([x, y], [[2, 1], [1, 2]])])).count("factor 0: Factor(x: 2, y: 2)")
    1
    """
    if not graph.variables:
        return draw(Scene((0.0, 3.0, -0.1, 0.1), notes=(Note((1.5, 0.0), ("no variables",)),)), repr(graph))
    outline = limited(graph_outline(graph, width=factor_graph.FACTOR_COLUMN), _ROOM)
    layout = factor_graph.factor_outline_layout(outline)
    times = {} if layout.columns is None else {x: (f"t = {t}",) for t, x in layout.columns.visible.items()}
    drawn = [k for _, k in _numbered(outline.scopes)]
    loops = {(name, ("factor", k)) for name, k in edges_on_loops(graph.factors, drawn)}
    scene = _scene(outline, layout, graph.factors, {})
    lines = [
        replace(line, loop=(e.source, e.target) in loops) for line, e in zip(scene.lines, layout.edges, strict=True)
    ]
    said = ["heavy, in orange: loops"] if any(line.loop for line in lines) else []
    scene = replace(scene, lines=tuple(lines))
    return draw(_captioned(scene, outline, layout, times, said), repr(graph))


def template_picture(template: _Template) -> str:
    """A two-slice template as SVG: the first slice, and beside it the step from one slice to the next.

    Examples
    --------
    >>> from control_pgm import CPD, TwoSliceTemplate, Variable
    >>> x, after = Variable("x", 2), Variable("x'", 2)
    >>> step = TwoSliceTemplate([CPD(x, [], [1, 0])], [CPD(after, [x], [[0.9, 0.1], [0.5, 0.5]])])
    >>> template_picture(step).count("<circle")
    3
    """
    first = [tuple(_moved(v, 0) for v in cpd.variables) for cpd in template.initial]
    step = [tuple(_moved(v, 1) for v in cpd.variables) for cpd in template.step]
    names = {_moved(v, 0).name: v.name for cpd in template.initial for v in cpd.variables}
    names |= {_moved(v, 1).name: v.name for cpd in template.step for v in cpd.variables}
    families = [*first, *step]
    variables = tuple({v.name: v for family in families for v in family}.values())
    links = tuple((parent.name, family[-1].name) for family in families for parent in family[:-1])
    places = Columns((0, 1, 2), {0: 0.0, 1: 1.5 * network.COLUMN, 2: 2.5 * network.COLUMN}, (), network.COLUMN)
    outline = limited(Outline(variables, links, {}, places), _ROOM)
    layout = network.outline_layout(outline)
    scene = _scene(outline, layout, (), {}, names)
    times = {places.visible[0]: ("first slice",), places.visible[1]: ("slice t",), places.visible[2]: ("slice t + 1",)}
    label = f"two-slice template of {', '.join(sorted(set(names.values())))}"
    return draw(_captioned(scene, outline, layout, times, []), label)


def _moved(variable: Variable, time: int) -> Variable:
    """The variable of a template in a column of its picture: one column further where it has a prime."""
    base = variable.name.removesuffix("'")
    time += base != variable.name
    return Variable(f"{base}_{time}", variable.states, time=time, kind=variable.kind)


def _scene(
    outline: Outline,
    layout: Layout,
    factors: Sequence[Factor],
    grey: Mapping[str, object],
    names: Mapping[str, str] | None = None,
) -> Scene:
    """Nodes and edges; ``grey`` are the observed variables, ``names`` what stands in the nodes instead of names."""
    roles = kind_roles(v.kind for v in outline.variables)
    written = names or {}
    circles = tuple(
        Circle(
            layout.points[v.name],
            layout.radii[v.name],
            written.get(v.name, v.name),
            _says(v, written.get(v.name, v.name), grey),
            roles[v.kind],
            "observed" if v.name in grey else "plain",
        )
        for v in outline.variables
        if v.name in layout.points
    )
    squares = tuple(
        Square(layout.points[node], SQUARE, f"factor {k}: {factors[k]!r}")
        for node, k in _numbered(outline.scopes)
        if node in layout.points
    )
    return Scene(layout.bounds, circles, squares, lines=tuple(_line(edge, written) for edge in layout.edges))


def _numbered(scopes: Iterable[Node]) -> Sequence[tuple[Node, int]]:
    """The nodes of factors with the factors' numbers."""
    return [(node, node[1]) for node in scopes if isinstance(node, tuple)]


def _says(variable: Variable, name: str, grey: Mapping[str, object]) -> str:
    """A variable in words: its name, kind, states, and what was observed."""
    shown = ", ".join(map(str, variable.states[:_STATES])) + ", …" * (variable.cardinality > _STATES)
    plural = "s" if variable.cardinality > 1 else ""
    seen = f"; observed: {grey[variable.name]}" if variable.name in grey else ""
    kind = f"{variable.kind}, " if variable.kind else ""
    return f"{name}: {kind}{variable.cardinality} state{plural} {shown}{seen}"


def _line(edge: Edge, written: Mapping[str, str]) -> Line:
    """An edge; without a direction where one end is a factor."""
    directed = isinstance(edge.target, str)
    says = f" {'→' if directed else '–'} ".join(_name(end, written) for end in (edge.source, edge.target))
    points = [(float(x), float(y)) for x, y in edge.line]
    return Line(points, says, directed and edge.head, edge.stub)


def _name(node: Node, written: Mapping[str, str]) -> str:
    return f"factor {node[1]}" if isinstance(node, tuple) else written.get(str(node), str(node))


def _captioned(
    scene: Scene, outline: Outline, layout: Layout, times: Mapping[float, tuple[str, ...]], legend: Sequence[str]
) -> Scene:
    """The scene with words below it: the times, the slices left out, and a legend."""
    left, right, bottom, top = scene.bounds
    below = bottom - _CAPTION
    notes = [Note((x, below), rows) for x, rows in times.items()]
    lowest = below if times else bottom
    for k, gap in enumerate(layout.columns.gaps if layout.columns else ()):
        notes += [Note((gap.x, y), ("…",), DOTS_EM) for y in layout.rows]
        missing = (shortened(name, _MISSING) for name in outline.missing.get(k, ()))
        rows = [f"{gap.hidden:,} slices", "left out", *missing]
        notes += [Note((gap.x, below - _LINE * i), (row,)) for i, row in enumerate(rows)]
        lowest = min(lowest, below - _LINE * (len(rows) - 1))
    said = [*legend]
    said += [f"{outline.left_out} further variables left out"] * bool(outline.left_out)
    if said:
        lowest -= _CAPTION
        notes.append(Note(((left + right) / 2, lowest), (";  ".join(said),)))
    return replace(scene, bounds=(left, right, min(lowest, bottom), top), notes=tuple(notes))
