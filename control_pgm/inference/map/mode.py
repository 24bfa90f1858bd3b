"""The most probable assignment of all variables, exactly: max-product upwards on a bucket tree, and the way back.

    argmax_x p(x, e) = argmax_x prod_k phi_k(x_k, e)

(MAP or most probable explanation, MPE: Dechter 1999; Koller and Friedman 2009, chapter 13). For some of the variables
only, the others summed out, see `control_pgm.inference.map.marginal_map`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from math import fsum

import numpy as np

from control_pgm.display import elided, number, text_table
from control_pgm.inference.local_weights import log_entries
from control_pgm.inference.map.max_product import backtrack, collect
from control_pgm.inference.problem import Problem
from control_pgm.inference.tree.plan import Plan
from control_pgm.models.factor_graph import FactorGraph, Model
from control_pgm.tables.frozen_mapping import FrozenMapping
from control_pgm.tables.numbers.scaled import Scaled


@dataclass(frozen=True, repr=False)
class Mode:
    """A most probable assignment; made by ``posterior.mode()``.

    Attributes
    ----------
    assignment : mapping
        name -> label, of all variables of the model in their natural order, observed ones included; or of the variables
        that were asked for, in the order asked.
    log_probability : float
        log p(assignment, evidence) in nats; for a factor graph the log of the assignment's weight.
    log_posterior : float
        log p(assignment | evidence) in nats, ≤ 0.
    weight : bool
        Whether the model is a factor graph, so that `log_probability` is the log of a weight and may be positive.

    Examples
    --------
    >>> from control_pgm import CPD, BayesianNetwork, Variable, infer
    >>> rain, wet = Variable("rain", ["no", "yes"]), Variable("wet", ["no", "yes"])
    >>> net = BayesianNetwork([CPD(rain, [], [0.7, 0.3]), CPD(wet, [rain], [[0.9, 0.1], [0.2, 0.8]])])
    >>> print(infer(net, {"wet": "yes"}).mode())
    most probable assignment
    ────────────────────────  ───────
    rain                      yes
    wet                       yes
    log probability           -1.427
    log posterior             -0.2559
    """

    assignment: Mapping[str, Hashable]
    log_probability: float
    log_posterior: float
    weight: bool = False

    @property
    def exact(self) -> bool:
        """True: no assignment is more probable. Approximate methods give a `ModeEstimate` instead."""
        return True

    def __str__(self) -> str:
        rows = [[name, str(label)] for name, label in self.assignment.items()]
        figures = [
            [figure_name(self.weight), number(self.log_probability)],
            ["log posterior", number(self.log_posterior)],
        ]
        return assignment_table("most probable assignment", rows, figures)

    def __repr__(self) -> str:
        return (
            f"Mode({len(self.assignment)} variables, log_probability={number(self.log_probability, 10)}, "
            f"log_posterior={number(self.log_posterior, 10)})"
        )


def assignment_table(title: str, rows: list[list[str]], figures: list[list[str]]) -> str:
    """An assignment and numbers about it as a text table; the middle of a long assignment is left out."""
    shown = [*elided(rows), *figures]
    return text_table([title, ""], shown, limit=len(shown))


def figure_name(weight: bool) -> str:
    """What the number of an assignment is called: factor graphs are not normalised."""
    return "log weight" if weight else "log probability"


def mode_of(model: Model, assignment: Mapping[str, Hashable], log_probability: float, log_evidence: float) -> Mode:
    """The record of an assignment. Rounding must not lift its posterior probability above one."""
    log_posterior = min(0.0, log_probability - log_evidence)
    return Mode(FrozenMapping(assignment), log_probability, log_posterior, isinstance(model, FactorGraph))


def most_probable(plan: Plan) -> dict[int, int]:
    """The states of all variables in a mode. The evidence must be possible.

    Of several modes the first one is taken, compared by the states of the variables from the last eliminated one on
    (from the first variable of the model on, where the plan is "reverse topological"). Weights that differ by less than
    1e-12 nats count as equal.
    """
    return backtrack(*collect(plan, range(len(plan.problem.names))))


def log_weight(problem: Problem, states: Mapping[int, int]) -> float:
    """The log-weight of an assignment of all free variables, in nats: the sum over the tables, rounded once."""
    terms = [times * table.total_log() for table, times in problem.constants]
    read: dict[int, tuple[Scaled, list[list[int]]]] = {}  # per table the entries to look up: slices share tables
    for scope, table in zip(problem.scopes, problem.tables, strict=True):
        if scope:
            read.setdefault(id(table), (table, []))[1].append([states[v] for v in scope])
    for table, indices in read.values():
        terms += log_entries(table, np.array(indices)).tolist()
    return fsum(terms)
