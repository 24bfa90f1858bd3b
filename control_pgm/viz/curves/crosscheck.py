"""The report of a cross-check as a picture: the largest difference per reference and kind of query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.display.text import shortened
from control_pgm.errors import InvalidArgument
from control_pgm.viz.base import style
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.options import artist_options
from control_pgm.viz.base.sheet import Sheet, letters, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from control_pgm.interop.engines.crosscheck import Check, Report

_ROW, _HIGHEST = 24.0, 110.0  # points of a row: the usual, the largest
_BOTTOM, _TOP = 34.0, 18.0
_MOST_WORDS = 0.62  # the largest share of the width that words beside the lines may take
_FLOOR = 1e-17  # differences below this, 0 among them, stand on the left rim
_PASSED, _FAILED = "#0072B2", "#D55E00"


def plot_crosscheck(
    report: Report, *, ax: Axes | None = None, title: str | None = None, **marker_options: Any
) -> Drawing:
    """Draw a cross-check: a row per reference and kind of query, a dot at the largest difference.

    Parameters
    ----------
    report : Report
        Of `crosscheck`.
    ax : matplotlib axes, optional
        Its area is filled. Default: a new figure.
    title : str, optional
    **marker_options
        For the dots and crosses (``matplotlib.lines.Line2D``), such as ``markersize=9``.

    Returns
    -------
    Drawing
        ``.of("dot")["pgmpy", "p(a_t | s_t, O=1)"]``, ``.of("text")[…]``, ``.parts["tolerance",]``.

    Notes
    -----
    A filled circle left of the dashed line passed, a cross right of it failed; a row without either was not compared
    and says why. Differences below 1e-17, and exact agreement, stand on the left rim.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import crosscheck, gridworld, unroll
    >>> drawing = plot_crosscheck(crosscheck(unroll(gridworld("S.G"), 2), against="enumeration"))
    >>> sorted(drawing.of("dot"))[0]
    ('enumeration', 'p(a_t | s_t, O=1)')
    """
    if not (hasattr(report, "checks") and hasattr(report, "tolerance")):
        raise InvalidArgument(
            f"plot_crosscheck draws no {type(report).__name__}", allowed="a Report, made by crosscheck(network)"
        )
    marker_options = artist_options(plot_crosscheck, "lines.Line2D", marker_options)
    n = len(report.checks)
    if not n:
        raise InvalidArgument("the report is empty: nothing was checked")
    page = sheet(ax, (8.0, (n * _ROW + _BOTTOM + _TOP) / 72 + 0.5), _verdict(report) if title is None else title)
    height = min(max(page.height - _BOTTOM - _TOP, 0.3 * page.height), n * _HIGHEST)
    size = min(8.0, 0.42 * height / n)
    left = max(letters(_name(check), size) for check in report.checks) + 6
    words = max(letters(_words(check), size) for check in report.checks) + 12
    above = left + words > _MOST_WORDS * page.width
    if above:  # what stands beside the lines elsewhere
        size = min(size, 0.95 * page.width / max(letters(_name(c) + _words(c), 1.0) for c in report.checks))
        size, left, words = max(size, page.floor), 0.0, 0.0
    panel = _panel(page, report, (left, page.height - _TOP - height, page.width - left - words, height))
    lift = 0.5 * size + 3.0 if above else 0.0
    for k, check in enumerate(report.checks):
        _row(page, panel, report, check, n - 1 - k, size, lift=lift, options=marker_options)
    return page.drawing


def _panel(page: Sheet, report: Report, box: tuple[float, float, float, float]) -> Any:
    """Axes of differences on a logarithmic scale, with the tolerance as a dashed line."""
    panel: Any = page.panel(("panel",), box)
    n = len(report.checks)
    found = [c.max_difference for c in report.checks if c.compared and np.isfinite(c.max_difference)]
    panel.set_xscale("log")
    panel.set_xlim(_FLOOR, max([1e-6, 10 * report.tolerance, *(10 * x for x in found)]))
    panel.set_ylim(-0.5, n - 0.3)
    panel.set_yticks([])
    panel.tick_params(which="minor", length=0)
    numbers = int(max(box[2] / 34, 2))
    panel.xaxis.set_major_locator(style.mpl("ticker").LogLocator(numticks=numbers))
    panel.xaxis.set_minor_locator(style.mpl("ticker").NullLocator())
    panel.set_xlabel("largest difference of a probability", color=page.ink, fontsize=8 * page.zoom, labelpad=2)
    look: dict[str, Any] = {"color": page.ink, "linewidth": 1.0, "linestyle": (0, (4, 2))}
    page.drawing.parts["tolerance",] = panel.axvline(report.tolerance, **look)
    text = f"tolerance {report.tolerance:g}"
    look = {"color": page.ink, "fontsize": 7 * page.zoom, "ha": "center", "xytext": (0, 3)}
    look |= {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
    page.drawing.parts["tolerance label",] = panel.annotate(text, (report.tolerance, 1.0), **look)
    return panel


def _row(
    page: Sheet,
    panel: Any,
    report: Report,
    check: Check,
    y: int,
    size: float,
    *,
    lift: float,
    options: Mapping[str, Any],
) -> None:
    """One check: its name, its dot, and how many distributions it compared; words beside its line or above it."""
    key, paper = (check.reference, check.query), style.paper(page.ax)
    frame: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": size * page.zoom}
    frame |= {"annotation_clip": False, "color": page.ink}
    at = {"xycoords": ("axes fraction", "data")}
    beside = lift == 0.0
    left, right = ((-5, 0), (6, 0)) if beside else ((3, lift * page.zoom), (-3, lift * page.zoom))
    name = panel.annotate(_name(check), (0.0, y), xytext=left, ha="right" if beside else "left", **at, **frame)
    page.drawing.parts["name", *key] = name
    room = 0.5 * page.width if beside else page.width - letters(_name(check), size) - 6
    words = shortened(_words(check), int(room / letters("x", size)))
    said = panel.annotate(words, (1.0, y), xytext=right, ha="left" if beside else "right", **at, **frame)
    page.drawing.parts["text", *key] = said
    line = panel.axhline(y, color=page.ink, linewidth=0.4, alpha=0.35, zorder=0)
    page.drawing.parts["line", *key] = line
    if check.compared:
        passed = check.max_difference <= report.tolerance
        x = min(max(check.max_difference, _FLOOR), panel.get_xlim()[1])
        colour = style.legible(_PASSED if passed else _FAILED, paper)
        look: dict[str, Any] = {"color": colour, "clip_on": False, "zorder": 4, "markeredgewidth": 0}
        look |= {"marker": "o" if passed else "X", "markersize": (0.4 * size + (4 if beside else 2)) * page.zoom}
        (page.drawing.parts["dot", *key],) = panel.plot([x], [y], **{**look, **options})


def _name(check: Check) -> str:
    return f"{check.reference}  {check.query}"


def _words(check: Check) -> str:
    """How many distributions were compared, and what was not."""
    if not check.compared:
        return f"not compared: {check.note}" if check.note else "not compared"
    return f"{check.compared:,} compared" + (f", {check.undefined:,} unanswered" if check.undefined else "")


def _verdict(report: Report) -> str:
    if report.failed:
        return "Cross-check: FAILED"
    return "Cross-check: passed" if report.passed else "Cross-check: nothing compared"
