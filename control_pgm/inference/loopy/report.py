"""Report of a run of loopy belief propagation: convergence and accuracy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from control_pgm.display import html_table, number, text_table
from control_pgm.errors import NotConverged
from control_pgm.inference.loopy.options import LoopyOptions
from control_pgm.inference.loopy.state import LoopyStore
from control_pgm.tables.frozen import Restored

_SHOWN = 8  # variables that are named when the report is printed
_ROUNDING = 1e-10  # nats by which the messages of a tree may still move to be called exact


@dataclass(frozen=True, repr=False)
class LoopyReport(Restored):
    """Whether the messages have converged, and on the way to it.

    Attributes
    ----------
    options : LoopyOptions
        The settings of the run.
    residuals : tuple of float
        In nats: ``residuals[i]`` is the most by which the update rule would move an entry of a log-message after i
        sweeps, damping left aside. The first is that of the uniform messages, the last that of the final ones. Infinite
        while states are still being ruled out.
    messages_sent : int
        From tables to variables.
    unconverged : tuple of str
        The variables at which a message would still move by more than the tolerance, in the model's order.
    is_tree : bool
        Whether the graph has no loop. Messages that no longer move are then exact up to rounding.

    Examples
    --------
    >>> from control_pgm import Factor, FactorGraph, Variable, infer
    >>> a, b, c = (Variable(name, 2) for name in "abc")
    >>> alike = [[2, 1], [1, 2]]
    >>> loop = FactorGraph([Factor(pair, alike) for pair in ([a, b], [b, c], [c, a])] + [Factor([a], [3, 1])])
    >>> report = infer(loop, method="loopy").report
    >>> report.converged, report.accuracy, report.unconverged
    (True, 'approximate', ())
    """

    options: LoopyOptions
    residuals: tuple[float, ...]
    messages_sent: int
    unconverged: tuple[str, ...]
    is_tree: bool

    @property
    def converged(self) -> bool:
        """Whether the final messages satisfy the update rule to the tolerance."""
        return self.residual <= self.options.tolerance

    @property
    def residual(self) -> float:
        """The residual of the final messages, in nats."""
        return self.residuals[-1]

    @property
    def sweeps(self) -> int:
        """How many sweeps were made."""
        return len(self.residuals) - 1

    @property
    def outcome(self) -> str:
        """One phrase: converged or not, and after how many sweeps."""
        sweeps = f"{self.sweeps} sweep{'' if self.sweeps == 1 else 's'}"
        if self.converged:
            return f"converged in {sweeps}"
        return f"NOT CONVERGED in {sweeps}, residual {number(self.residual)}"

    @property
    def accuracy(self) -> str:
        """One phrase: what the answers are worth."""
        if self.is_tree and self.residual <= _ROUNDING:
            return "approximate (exact up to rounding here: the graph is a tree)"
        return "approximate"

    def rows(self) -> list[list[str]]:
        """The report as rows of a text table."""
        options = self.options
        share = f"{number(options.damping)} of the old message, {options.damping_domain} domain"
        damping = share if options.damping else "none"
        rows = [
            ["outcome", self.outcome],
            ["accuracy", self.accuracy],
            ["schedule", options.schedule],
            ["elimination", options.elimination],
            ["damping", damping],
            ["tolerance", f"{number(options.tolerance)} nats"],
            ["messages sent", f"{self.messages_sent:,}"],
            ["residual by sweep", _history(self.residuals)],
        ]
        if self.unconverged:
            rows.append([f"{len(self.unconverged)} unconverged", self._shown()])
        return rows

    def warning(self) -> NotConverged:
        """The warning for users of the answers, if the messages have not converged."""
        damped = "more damping" if self.options.damping else "damping=0.5"
        return NotConverged(
            f"loopy belief propagation has {self.outcome} nats, at {self._shown()}: its beliefs depend on when it "
            f"stopped; try {damped}, more than max_sweeps={self.options.max_sweeps}, or fewer loops, "
            "FactorGraph.from_model(model, evidence).absorbed(); method='exact' is exact"
        )

    def _shown(self) -> str:
        """The first of the variables that have not converged."""
        return ", ".join(self.unconverged[:_SHOWN]) + (", …" if len(self.unconverged) > _SHOWN else "")

    def __str__(self) -> str:
        return text_table(["loopy belief propagation", ""], self.rows())

    def _repr_html_(self) -> str:
        return html_table(["loopy belief propagation", ""], self.rows())

    def __repr__(self) -> str:
        return f"LoopyReport({self.outcome}, {self.accuracy})"


def report_of(store: LoopyStore) -> LoopyReport:
    """The report of a run."""
    graph = store.graph
    moving = np.flatnonzero(store.moving > store.options.tolerance)
    unconverged = sorted({graph.variable_of[edge] for edge in moving.tolist()})
    names = tuple(graph.problem.names[v] for v in unconverged)
    return LoopyReport(store.options, tuple(store.residuals), store.sent, names, graph.is_tree)


def _history(residuals: tuple[float, ...]) -> str:
    """The first and the last residuals."""
    shown = [number(r, 2) for r in residuals]
    return " ".join(shown if len(shown) <= _SHOWN else [*shown[:4], "…", *shown[-4:]])
