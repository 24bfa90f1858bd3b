"""The tree of clusters on which exact inference passes its messages, with separators and sizes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from control_pgm.control.solutions.solution import Solution
from control_pgm.display.labels import label_width
from control_pgm.errors import InvalidArgument
from control_pgm.inference.exact import TreePosterior
from control_pgm.inference.tree.plan import Plan, plan
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.factor_graph import FactorGraph
from control_pgm.viz.base import style
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.options import artist_options
from control_pgm.viz.graphs.cluster_layout import ClusterLayout, cluster_layout, shown_clusters

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT, _SEPARATOR = 0.62, 0.36  # of boxes
_EM, _SMALL = 0.26, 0.18  # letters of names, of sizes
_NAMES = 4  # in one box
_FEWEST = 4  # clusters drawn
_READABLE = 5.5  # points of the smallest letters for which fewer clusters are drawn
_MOST_STRETCH = 2.2  # of the distance between rows


def plot_clusters(
    tree: TreePosterior | Plan | Solution | BayesianNetwork | FactorGraph,
    *,
    ax: Axes | None = None,
    max_clusters: int | None = None,
    title: str | None = None,
    **box_options: Any,
) -> Drawing:
    """Draw the cluster tree of exact inference: rounded boxes for clusters, small sharp ones for separators.

    Parameters
    ----------
    tree : posterior, plan, solution or model
        Whose tree; of a model, that of its own evidence, such as optimality. Nothing is computed for it.
    ax : matplotlib axes, optional
        Default: a new figure.
    max_clusters : int, optional
        Default: 12, fewer on narrow axes. Larger trees are drawn as the clusters next to the root, on the left, "…",
        and those eliminated first.
    title : str, optional
    **box_options
        For the clusters (``matplotlib.patches.FancyBboxPatch``), such as ``linewidth=3``.

    Returns
    -------
    Drawing
        ``.of("cluster")["a_0"]``, named by the variable that is eliminated in it, ``.of("separator")["a_0"]``
        towards its parent, ``.of("edge")["a_0", "s_0"]``, ``.of("size")["a_0"]``.

    Notes
    -----
    A separator is the scope of the two messages between its clusters (Koller and Friedman 2009, section 10.1). Sizes
    are numbers of table entries, of non-zeros where tables are sparse.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import gridworld, unroll
    >>> drawing = plot_clusters(unroll(gridworld("S.G"), 2))
    >>> drawing.of("size")["a_0"].get_text(), sorted(drawing.of("separator"))
    ('12 entries', ['a_0', 'a_1', 's_1', 's_2'])
    """
    found = _plan_of(tree)
    box_options = artist_options(plot_clusters, "patches.FancyBboxPatch", box_options)
    if ax is not None:
        style.check_axes(ax)
        ax.set_axis_off()
    chosen = max_clusters
    if max_clusters is None:
        max_clusters = 12
    if isinstance(max_clusters, bool) or not isinstance(max_clusters, int) or max_clusters < _FEWEST:
        raise InvalidArgument(f"max_clusters={max_clusters!r}", allowed=f"an integer ≥ {_FEWEST}")
    shape = found.tree
    if not len(shape.order):
        raise InvalidArgument("every variable of the model is observed: there are no clusters to draw")
    for most in range(max_clusters, _FEWEST - 1, -1) if chosen is None else [max_clusters]:
        sizes = _sizes(found, most)
        layout = _filling(shape, sizes, most, ax)
        picture = _ClusterPicture(found, layout, ax, sizes, title or _title(found), draft=True)
        if ax is None or picture.unit * _SMALL >= style.points(_READABLE):
            break
    picture = _ClusterPicture(found, layout, ax, sizes, title or _title(found))
    for k in layout.points:
        picture.edge(k)
    for k in layout.points:
        picture.cluster(k, box_options)
    for k in layout.separators:
        picture.separator(k)
    picture.dots()
    return picture.drawing


def _sizes(found: Plan, most: int) -> tuple[float, float]:
    """The widths of the boxes of clusters and of separators."""
    shape, names = found.tree, found.problem.names
    drawn = [k for part in shown_clusters(len(shape.order), most) for k in part]
    widths = [_width([names[v] for v in shape.scopes[k]], _EM) for k in drawn]
    inner = [_width([names[v] for v in shape.separators[k]], 0.8 * _EM) for k in drawn]
    return max(*widths, 1.2) + 0.3, max(inner) + 0.2


def _filling(shape: Any, sizes: tuple[float, float], most: int, ax: Axes | None) -> ClusterLayout:
    """The layout whose rows are as far apart as the height of the axes allows."""

    def stretched(by: float) -> ClusterLayout:
        box, separator = sizes
        look: dict[str, Any] = {"box": box, "separator": separator, "most": most, "stretch": by}
        return cluster_layout(shape.parents, shape.children, **look)

    layout = stretched(1.0)
    if ax is None:
        return layout
    left, right, bottom, top = _bounds(layout, sizes[0])
    ys = [y for _, y in layout.points.values()]
    apart, (wide, high) = max(ys) - min(ys), style.inches(ax)
    spare = (right - left) * high / wide - (top - bottom)
    return stretched(min(1.0 + spare / apart, _MOST_STRETCH)) if apart > 0 and spare > 0 else layout


def _bounds(layout: ClusterLayout, box: float) -> tuple[float, float, float, float]:
    """left, right, bottom, top, with room for the note below."""
    xs, ys = zip(*layout.points.values(), strict=True)
    left, right = min(xs) - box / 2 - 0.15, max(xs) + box / 2 + 0.15
    return left, right, min(ys) - _HEIGHT / 2 - 0.75, max(ys) + _HEIGHT / 2 + 0.2


class _ClusterPicture:
    """Axes on which the clusters of a plan are drawn; a draft only measures."""

    def __init__(
        self,
        found: Plan,
        layout: ClusterLayout,
        ax: Axes | None,
        sizes: tuple[float, float],
        title: str,
        *,
        draft: bool = False,
    ) -> None:
        self.plan, self.layout, self.box = found, layout, sizes[0]
        left, right, bottom, top = _bounds(layout, self.box)
        width, height = right - left, top - bottom
        if draft:
            self.unit = 0.0 if ax is None else style.points_per_unit(ax, width, height)
            return
        inch = min(1.0, 12 / width, 9 / height)
        ax = style.axes_or_new(ax, (max(width * inch, 3.0), max(height * inch + 0.45, 1.4)), margins=False)
        ax.set_xlim(left, right)
        ax.set_ylim(bottom, top)
        style.equal_units(ax)
        ax.set_axis_off()
        self.drawing = Drawing(ax, {("paper",): style.sheet_of_paper(ax), ("title",): style.title(ax, title)})
        self.colours = style.palette(ax)
        self.unit = style.points_per_unit(ax, width, height)
        self.thin = float(min(max(self.unit / 50, 0.5), 1.0))
        self.largest = max(layout.points, key=lambda k: found.cluster_entries[k])
        em = max(min(0.19, width / (0.54 * len(_NOTE))), style.points(style.FLOOR) / self.unit)
        note = "\n".join(textwrap.wrap(_NOTE, max(int(width / (0.52 * em)), 20)))
        self.text(("note",), ((left + right) / 2, bottom + 0.5), note, em, color=self.colours["note"], va="top")
        lines = note.count("\n") + 1
        low, high = ax.get_ylim()
        ax.set_ylim(min(low, bottom + 0.45 - 1.15 * em * lines), high)

    def name(self, k: int) -> str:
        """A cluster's name: the variable that is eliminated in it."""
        return self.plan.problem.names[self.plan.tree.order[k]]

    def cluster(self, k: int, options: dict[str, Any]) -> None:
        """A box with the cluster's variables and the number of entries of its table."""
        (x, y), name, width = self.layout.points[k], self.name(k), self.box
        rim = self.thin * (2.4 if k == self.largest else 1.2)
        look = {"facecolor": self.colours["paper"], "edgecolor": self.colours["ink"], "linewidth": rim, "zorder": 3}
        corner, shape = (x - width / 2 + 0.12, y - _HEIGHT / 2 + 0.12), "round,pad=0.12"
        body = style.mpl("patches").FancyBboxPatch(corner, width - 0.24, _HEIGHT - 0.24, shape, **look | options)
        self.drawing.parts["cluster", name] = self.drawing.ax.add_patch(body)
        self.text(("label", name), (x, y + 0.1), self._names(self.plan.tree.scopes[k]), _EM)
        size = f"{self.plan.cluster_entries[k]:,} entries"
        self.text(("size", name), (x, y - 0.17), size, _SMALL, color=self.colours["note"])

    def separator(self, k: int) -> None:
        """A small sharp box in the middle of the edge to the parent."""
        (x, y), scope = self.layout.separators[k], self.plan.tree.separators[k]
        names, name = [self.plan.problem.names[v] for v in scope], self.name(k)
        width, tall = max(_width(names, 0.8 * _EM) + 0.2, 0.42), max(_SEPARATOR, 2.3 * style.FLOOR / self.unit)
        look: dict[str, Any] = {"facecolor": self.colours["separator"], "edgecolor": self.colours["ink"], "zorder": 4}
        look["linewidth"] = 0.7 * self.thin
        body = style.mpl("patches").Rectangle((x - width / 2, y - tall / 2), width, tall, **look)
        self.drawing.parts["separator", name] = self.drawing.ax.add_patch(body)
        self.text(("separator label", name), (x, y + 0.17 * tall), self._names(scope), 0.8 * _EM)
        entries = prod(self.plan.problem.cardinalities[v] for v in scope)
        self.text(
            ("separator size", name), (x, y - 0.3 * tall), f"{entries:,}", 0.75 * _SMALL, color=self.colours["note"]
        )

    def edge(self, k: int) -> None:
        """The edge to the parent, and a dashed stub towards what is left out."""
        parent, line = self.plan.tree.parents[k], style.mpl("lines").Line2D
        if k in self.layout.separators:
            (x, y), (px, py) = self.layout.points[k], self.layout.points[parent]
            edge = line([x, px], [y, py], color=self.colours["ink"], linewidth=1.1, zorder=1)
            self.drawing.parts["edge", self.name(k), self.name(parent)] = self.drawing.ax.add_line(edge)
        if k in self.layout.stubs:
            (x, y), (ex, ey) = self.layout.points[k], self.layout.stubs[k]
            stub = line([x, ex], [y, ey], color=self.colours["ink"], linewidth=1.1, zorder=1, linestyle=(0, (3, 2)))
            self.drawing.parts["stub", self.name(k)] = self.drawing.ax.add_line(stub)

    def dots(self) -> None:
        """Dots where clusters are left out, and how many."""
        if self.layout.gap is None:
            return
        x, y = self.layout.gap
        self.text(("dots",), (x, y + 0.2), "…", 0.5, color=self.colours["note"])
        self.text(("left out",), (x, y - 0.2), f"{self.layout.hidden:,}\nleft out", 0.17, color=self.colours["note"])

    def text(self, key: tuple[Any, ...], at: tuple[float, float], text: str, em: float, **look: Any) -> None:
        """Text whose letters are ``em`` data units high, as far as that can be read."""
        larger = style.type_scale()
        size = max(min(em * self.unit * max(larger, 1.0), 16.0 * style.zoom(self.drawing.ax)), style.FLOOR)
        look = {"ha": "center", "va": "center", "color": self.colours["text"], "zorder": 5, "fontsize": size, **look}
        self.drawing.parts[key] = self.drawing.ax.text(*at, text, linespacing=1.0, **look)

    def _names(self, scope: Sequence[int]) -> str:
        names = [self.plan.problem.names[v] for v in scope]
        shown = [style.label(name).replace("\n", " ") for name in names[:_NAMES]]
        more = [f"+{len(names) - _NAMES}"] if len(names) > _NAMES else []
        return ", ".join([*shown, *more])


_NOTE = "left: the root  ·  small boxes: separators, the scope of messages  ·  heavy: the largest cluster"


def _plan_of(tree: Any) -> Plan:
    """The plan of whatever has one."""
    if isinstance(tree, Solution):
        tree = tree.posterior
    if isinstance(tree, BayesianNetwork):
        return plan(tree, tree.observed)
    if isinstance(tree, FactorGraph):
        return plan(tree)
    found = getattr(tree, "plan", tree)
    if not isinstance(found, Plan):
        raise InvalidArgument(
            f"plot_clusters draws no {type(tree).__name__}",
            allowed="an exact posterior, a plan, a posterior's solution, a network or a factor graph",
            remedy="loopy inference has no tree: plot_factor_graph shows its graph",
        )
    return found


def _title(found: Plan) -> str:
    n = len(found.tree.order)
    return f"Cluster tree: {n:,} cluster{'s' * (n != 1)}, width {found.width}, {found.rule} order"


def _width(names: Sequence[str], em: float) -> float:
    """The rough width of a list of names."""
    extra = 1.6 if len(names) > _NAMES else 0.0
    return em * (sum(label_width(name) + 0.55 for name in names[:_NAMES]) + extra) if names else 0.0
