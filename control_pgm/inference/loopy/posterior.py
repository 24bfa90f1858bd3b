"""The posterior of loopy belief propagation."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property
from typing import NoReturn

import numpy as np

from control_pgm.display import html_table, number, text_table
from control_pgm.errors import InvalidArgument, NotAvailable
from control_pgm.inference.loopy.beliefs import joint_belief, log_partition, table_belief
from control_pgm.inference.loopy.bethe_graph import bethe_graph
from control_pgm.inference.loopy.messages import check_memory
from control_pgm.inference.loopy.mode import ModeEstimate, decode
from control_pgm.inference.loopy.options import LoopyOptions
from control_pgm.inference.loopy.report import LoopyReport, report_of
from control_pgm.inference.loopy.schedules import sweeps
from control_pgm.inference.loopy.state import LoopyMessage, LoopyStore
from control_pgm.inference.map.mode import log_weight
from control_pgm.inference.posterior import Posterior, Undefined
from control_pgm.inference.problem import Evidence, check_model, conditioned, pose
from control_pgm.inference.tree.plan import DEFAULT_MEMORY_LIMIT
from control_pgm.models.factor_graph import FactorGraph, Model
from control_pgm.progress import Progress, Reporter, check_progress
from control_pgm.tables.factor import Factor
from control_pgm.tables.frozen_mapping import FrozenMapping

_DEFAULTS = LoopyOptions()


class LoopyPosterior(Posterior):
    """The approximate posterior of loopy belief propagation, with every message.

    Beliefs exist for single variables and for variables that share a table. On a graph with loops they are
    approximate, even where the messages have converged; if they have not, `report` and ``repr`` say so.

    Parameters
    ----------
    model : BayesianNetwork or FactorGraph
    evidence : mapping
        Variable name -> state label, or likelihoods by label.
    options : LoopyOptions
    memory_limit : int
        Bytes that messages and their contractions may take.
    progress : callable, optional
        Called with (done, total, what) while messages are sent; see `infer`.

    Attributes
    ----------
    report : LoopyReport
        Whether the messages have converged, and how.
    options : LoopyOptions
    exact : bool
        False, also on trees.

    Raises
    ------
    ImpossibleEvidence
        If the messages leave a variable without a possible state; names it. Such evidence has probability zero.
        The converse does not hold: impossibilities that show only all around a loop go unnoticed.
    TooLarge
        If the messages do not fit.

    Notes
    -----
    ``FactorGraph.from_model(model, evidence).absorbed()`` multiplies tables into those that contain them, which can
    remove all loops.

    References
    ----------
    Pearl 1988; Yedidia, Freeman and Weiss 2005; Elidan, McGraw and Koller 2006; Koller and Friedman 2009, chapter 11.

    Examples
    --------
    >>> from control_pgm import Factor, FactorGraph, Variable
    >>> a, b, c = (Variable(name, 2) for name in "abc")
    >>> alike = [[2, 1], [1, 2]]
    >>> loop = FactorGraph([Factor(pair, alike) for pair in ([a, b], [b, c], [c, a])] + [Factor([a], [3, 1])])
    >>> posterior = LoopyPosterior(loop, {"b": 0})
    >>> posterior
    LoopyPosterior(approximate, converged in 1 sweep, 3 variables, 1 observed)
    >>> posterior.report.accuracy
    'approximate (exact up to rounding here: the graph is a tree)'
    """

    report: LoopyReport

    def __init__(
        self,
        model: Model,
        evidence: Evidence | None = None,
        options: LoopyOptions = _DEFAULTS,
        memory_limit: int = DEFAULT_MEMORY_LIMIT,
        progress: Progress | None = None,
    ) -> None:
        check_model(model)
        check_progress(progress)
        problem = pose(*conditioned(model, evidence))
        self.model, self.evidence, self.options = model, dict(evidence or {}), options
        self.method, self.exact = "loopy", False
        graph = bethe_graph(problem)
        check_memory(graph, memory_limit)
        self._store = store = LoopyStore(graph, options)
        report = Reporter(progress, options.max_sweeps, "sweeps of messages")
        known, residuals = 1, store.residuals  # the first is that of no sweep
        for _ in sweeps(store):
            if len(residuals) > known:
                known = len(residuals)
                report.step(residuals[-2], residuals[-1], options.tolerance, options.max_sweeps - known + 1)
        report.end(max(1, len(residuals) - 1))
        self._log_partition = log_partition(store)
        self.report = report_of(store)

    # --- numbers of the whole -----------------------------------------------------------------------------------
    @property
    def log_evidence(self) -> float:
        """The Bethe approximation of log p(evidence) in nats; see `control_pgm.inference.loopy.beliefs`."""
        if self.options.elimination == "max":
            raise NotAvailable(
                "max-product has no evidence", remedy="see .log_maximum, or infer with elimination='sum'"
            )
        return self._log_partition

    @property
    def log_maximum(self) -> float:
        """The Bethe approximation of the largest log-weight of any assignment, in nats (max-product only)."""
        self._needs_max("log_maximum")
        return self._log_partition

    # --- queries ------------------------------------------------------------------------------------------------
    def marginal(self, *names: str) -> Factor:
        """The belief about one variable, or about variables that share a table; axes in the order asked.

        Where several tables mention the variables, the smallest of them answers, and the first of these. On loops their
        beliefs may differ: `belief` asks a certain one.

        Raises
        ------
        NotAvailable
            If no table mentions all of the variables, or after max-product.
        """
        self._needs_sum("marginal")
        return super().marginal(*names)

    def conditional(
        self, *names: str, given: str | Iterable[str] | Mapping[str, Hashable], undefined: Undefined = "raise"
    ) -> Factor:
        """The belief about ``names`` given others; all must share a table. See `Posterior.conditional`."""
        self._needs_sum("conditional")
        return super().conditional(*names, given=given, undefined=undefined)

    def max_marginal(self, *names: str) -> Factor:
        """The largest weight that any assignment has with the given states, relative to the mode (max-product only)."""
        self._needs_max("max_marginal")
        self._check(names)
        if not names:
            raise InvalidArgument("max_marginal() needs at least one variable", remedy="see .log_maximum")
        return _relative(self._ask(names, (), {}))

    def belief(self, table: int) -> Factor:
        """The belief of one table of the model about its free variables: b_k, with sum (max-product: maximum) one."""
        problem = self._store.graph.problem
        is_number = isinstance(table, int | np.integer) and not isinstance(table, bool)
        if not is_number or not 0 <= table < len(problem.tables):
            raise InvalidArgument(f"table {table!r} does not exist", allowed=f"0 … {len(problem.tables) - 1}")
        scope = problem.scopes[table]
        belief = Factor.of([problem.variables[v] for v in scope], table_belief(self._store, table, scope))
        return belief.normalise() if self.options.elimination == "sum" else _relative(belief)

    def mode(self, *names: str) -> ModeEstimate:
        """An estimate of the most probable assignment of all variables (max-product only).

        Variables are decided one after another, neighbours of decided ones first, each given what is decided: so that
        ties are broken alike everywhere. On a tree whose messages have converged this is a mode.

        Raises
        ------
        NotAvailable
            After sum-product, or if some of the variables are named: that would be marginal MAP.
        """
        self._check(names)
        if names:
            raise NotAvailable(
                f"loopy max-product has no mode of {', '.join(names)} alone, the others summed out",
                allowed="mode() of all variables",
                remedy="leave the names out, or ask infer(…, method='exact').mode(…)",
            )
        self._needs_max("mode")
        problem, variables = self._store.graph.problem, self.model.variables
        decided = decode(self._store)
        found = {**self.observed, **{problem.names[v]: state for v, state in decided.items()}}
        assignment = {name: variables[name].states[found[name]] for name in variables}
        weight = log_weight(problem, decided)
        is_graph = isinstance(self.model, FactorGraph)
        return ModeEstimate(FrozenMapping(assignment), weight, self._log_partition, self.report, is_graph)

    def _joint(self, targets: tuple[str, ...], given: tuple[str, ...], at: Mapping[str, int]) -> Factor:
        problem = self._store.graph.problem
        condition, asked = ([problem.index[name] for name in names] for names in (given, targets))
        table = joint_belief(self._store, condition, asked)
        joint = Factor.of([problem.variables[v] for v in (*condition, *asked)], table)
        return joint.condition({name: self.model.variables[name].states[i] for name, i in at.items()})

    # --- looking ------------------------------------------------------------------------------------------------
    @cached_property
    def messages(self) -> tuple[LoopyMessage, ...]:
        """The final messages: those from tables to variables, then those back."""
        edges = range(self._store.graph.n_edges)
        return tuple(self._store.message(edge, to_table=back) for back in (False, True) for edge in edges)

    @property
    def plan(self) -> NoReturn:
        """Not available: nothing is eliminated."""
        self._lacks("plan", "see .report")

    @property
    def clusters(self) -> NoReturn:
        """Not available: messages go between tables and single variables."""
        self._lacks("clusters", "see .messages")

    @property
    def sample(self) -> NoReturn:
        """Not available: beliefs about parts do not add up to a distribution of the whole."""
        self._lacks("sample", "see .marginal")

    def _lacks(self, what: str, instead: str) -> NoReturn:
        raise NotAvailable(
            f"loopy belief propagation has no {what}", remedy=f"{instead}, or ask infer(…, method='exact').{what}"
        )

    def _needs_sum(self, what: str) -> None:
        if self.options.elimination != "sum":
            raise NotAvailable(
                f"max-product has no {what}", remedy="see .max_marginal and .mode(), or infer with elimination='sum'"
            )

    def _needs_max(self, what: str) -> None:
        if self.options.elimination != "max":
            raise NotAvailable(f"sum-product has no {what}", remedy="infer with elimination='max'")

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(approximate, {self.report.outcome}, "
            f"{len(self.model.variables)} variables, {len(self.evidence)} observed)"
        )

    def _rows(self) -> list[list[str]]:
        what = "log evidence" if self.options.elimination == "sum" else "log maximum"
        return [[f"{what} (Bethe)", number(self._log_partition, 12)], *self.report.rows()]

    def __str__(self) -> str:
        return text_table(["loopy posterior", ""], self._rows())

    def _repr_html_(self) -> str:
        return html_table(["loopy posterior", ""], self._rows())


def _relative(table: Factor) -> Factor:
    """Divided by the largest entry."""
    logs = table.log_array()
    return Factor(table.variables, logs - logs.max(), log=True)
