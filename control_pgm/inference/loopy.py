"""The posterior of loopy belief propagation."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property
from math import prod

import numpy as np

from control_pgm.display import number, text_table
from control_pgm.errors import InvalidArgument, NotAvailable
from control_pgm.inference.bethe import bethe_graph
from control_pgm.inference.contract import contract
from control_pgm.inference.loopy_beliefs import log_partition, table_belief, variable_belief
from control_pgm.inference.loopy_mode import decode
from control_pgm.inference.loopy_options import LoopyOptions
from control_pgm.inference.loopy_report import LoopyReport
from control_pgm.inference.loopy_store import LoopyMessage, LoopyStore
from control_pgm.inference.posterior import Posterior, Undefined
from control_pgm.inference.problem import check_model, pose
from control_pgm.inference.schedules import sweeps
from control_pgm.models.factorgraph import Model
from control_pgm.tables.factor import Factor
from control_pgm.tables.scaled import Scaled

_DEFAULTS = LoopyOptions()


class LoopyPosterior(Posterior):
    """The approximate posterior of loopy belief propagation, with every message to be looked at.

    Beliefs exist for single variables and for variables that share a table. On a graph with loops they are
    approximate, even where the messages have converged; if they have not, `report` and ``repr`` say so.

    Parameters
    ----------
    model : BayesianNetwork or FactorGraph
    evidence : mapping
        Variable name -> state label.
    options : LoopyOptions

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
        self, model: Model, evidence: Mapping[str, Hashable] | None = None, options: LoopyOptions = _DEFAULTS
    ) -> None:
        check_model(model)
        problem = pose(model, evidence)
        self.model, self.evidence, self.options = model, dict(evidence or {}), options
        self.method, self.exact = "loopy", False
        self._store = store = LoopyStore(bethe_graph(problem), options)
        for _ in sweeps(store):
            pass
        self._log_partition = log_partition(store)
        self.report = _report(store)

    # --- numbers of the whole -----------------------------------------------------------------------------------
    @property
    def log_evidence(self) -> float:
        """The Bethe approximation of log p(evidence) in nats; see `control_pgm.inference.loopy_beliefs`."""
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

    def mode(self) -> dict[str, Hashable]:
        """An estimate of the most probable assignment (max-product only): name -> label, of all variables.

        Variables are decided one after another, neighbours of decided ones first, each given what is decided: so that
        ties are broken alike everywhere. See `decode`. On a tree this is a mode.
        """
        self._needs_max("mode")
        variables = self.model.variables
        found = {**self.observed, **decode(self._store)}
        return {name: variables[name].states[found[name]] for name in variables}

    def _joint(self, targets: tuple[str, ...], given: tuple[str, ...], at: Mapping[str, int]) -> Factor:
        problem = self._store.graph.problem
        cardinalities = problem.cardinalities
        asked = tuple(problem.index[name] for name in (*given, *targets))
        # A variable with a single state tells nothing: it needs no table in common with the others.
        speaking = tuple(v for v in asked if cardinalities[v] > 1)
        if all(self.model.variables[name].cardinality == 1 for name in targets):
            table = Scaled(np.ones([cardinalities[v] for v in asked]))
        elif len(speaking) == 1:
            belief = Scaled.from_log(variable_belief(self._store, speaking[0]))
            table = contract([(speaking, belief)], asked, cardinalities)
        else:
            fixed = {problem.index[name] for name in given}
            table = table_belief(self._store, self._home(speaking), asked, fixed)
        joint = Factor.of([problem.variables[v] for v in asked], table)
        return joint.condition({name: self.model.variables[name].states[i] for name, i in at.items()})

    def _home(self, asked: tuple[int, ...]) -> int:
        """The table that answers for variables: of those that mention all of them, the smallest, then the first."""
        graph = self._store.graph
        problem = graph.problem
        near = [graph.table_of[edge] for edge in graph.edges_of[asked[0]]]
        homes = [k for k in near if set(asked) <= set(problem.scopes[k])]
        if not homes:
            names = ", ".join(problem.names[v] for v in asked)
            raise NotAvailable(
                f"loopy belief propagation has no joint belief about {{{names}}}: no table mentions all of them",
                allowed="one variable, or variables that share a table",
                remedy="ask infer(…, method='exact')",
            )
        return min(homes, key=lambda k: (prod(problem.tables[k].shape), k))

    # --- looking ------------------------------------------------------------------------------------------------
    @cached_property
    def messages(self) -> tuple[LoopyMessage, ...]:
        """The final messages: those from tables to variables, then those back."""
        edges = range(self._store.graph.n_edges)
        return tuple(self._store.message(edge, to_table=back) for back in (False, True) for edge in edges)

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

    def __str__(self) -> str:
        what = "log evidence" if self.options.elimination == "sum" else "log maximum"
        value = [f"{what} (Bethe)", number(self._log_partition, 12)]
        return text_table(["loopy posterior", ""], [value, *self.report.rows()])


def _relative(table: Factor) -> Factor:
    """Divided by the largest entry."""
    logs = table.log_array()
    return Factor(table.variables, logs - logs.max(), log=True)


def _report(store: LoopyStore) -> LoopyReport:
    graph = store.graph
    moving = np.flatnonzero(store.moving > store.options.tolerance)
    unconverged = sorted({graph.variable_of[edge] for edge in moving.tolist()})
    names = tuple(graph.problem.names[v] for v in unconverged)
    return LoopyReport(store.options, tuple(store.residuals), store.sent, names, graph.is_tree)
