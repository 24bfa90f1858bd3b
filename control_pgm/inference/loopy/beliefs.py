"""Beliefs from converged messages, of variables and tables, and the Bethe approximation of the evidence.

    b_v(x_v) ∝ prod_{k ∋ v} m_{k→v}(x_v)
    b_k(x_k) ∝ phi_k(x_k) prod_{v ∈ k} n_{v→k}(x_v)

The evidence is that of the Bethe free energy F (Yedidia, Freeman and Weiss 2005; d_v is the degree of v):

    log Z ≈ −F = sum_k sum_x b_k log phi_k − sum_k sum_x b_k log b_k + sum_v (d_v − 1) sum_x b_v log b_v

At a fixed point this is, with the beliefs written out,

    log Z ≈ sum_k log Z_k + sum_v log Z_v − sum_{(k,v)} log Z_kv,
    Z_k = sum_x phi_k prod_{v ∈ k} n_{v→k},   Z_v = sum_x prod_{k ∋ v} m_{k→v},   Z_kv = sum_x m_{k→v} n_{v→k}

which is what is computed: no 0 log 0 occurs, the scale of the messages does not matter, and small errors of the
messages enter in second order only. It is exact on trees, and neither an upper nor a lower bound otherwise. For
max-product all sums are maxima, and Z is the largest weight of any assignment.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import fsum, inf, prod

import numpy as np

from control_pgm.errors import ImpossibleEvidence, NotAvailable
from control_pgm.inference.contract import Operand, contract
from control_pgm.inference.loopy.messages import batches, contradiction
from control_pgm.inference.loopy.options import Elimination
from control_pgm.inference.loopy.state import LoopyStore
from control_pgm.tables.arrays import FloatArray, Scope
from control_pgm.tables.logarithms import log_sum_exp
from control_pgm.tables.numbers.scaled import Scaled


def variable_belief(store: LoopyStore, variable: int) -> FloatArray:
    """log b_v, not normalised."""
    return np.asarray(store.to_variables[store.graph.star_of[variable]].sum(axis=0))


def table_belief(store: LoopyStore, table: int, out: Scope, deaf_to: Collection[int] = ()) -> Scaled:
    """b_k summed (or maximised) onto ``out``, not normalised, leaving out what the variables ``deaf_to`` say."""
    graph = store.graph
    problem = graph.problem
    operands: list[Operand] = [(problem.scopes[table], problem.tables[table])]
    for edge in graph.edges_at(table):
        v = graph.variable_of[edge]
        if v not in deaf_to:
            operands.append(((v,), Scaled.from_log(store.to_tables[graph.slot(edge)])))
    if store.options.elimination == "sum":
        return contract(operands, out, problem.cardinalities)
    gone = tuple(v for v in problem.scopes[table] if v not in out)
    product = contract(operands, out + gone, problem.cardinalities)
    return product.maximum(tuple(range(len(out), len(out + gone))))


def joint_belief(store: LoopyStore, given: Sequence[int], targets: Sequence[int]) -> Scaled:
    """The belief about ``targets`` for each state of ``given``, axes (*given, *targets), not normalised.

    Raises
    ------
    NotAvailable
        If no table mentions all of the variables.
    """
    problem = store.graph.problem
    cardinalities, asked = problem.cardinalities, (*given, *targets)
    # A variable with a single state carries no information: it needs no table in common with the others.
    speaking = tuple(v for v in asked if cardinalities[v] > 1)
    if all(cardinalities[v] == 1 for v in targets):
        return Scaled(np.ones([cardinalities[v] for v in asked]))
    if len(speaking) == 1:
        belief = Scaled.from_log(variable_belief(store, speaking[0]))
        return contract([(speaking, belief)], asked, cardinalities)
    return table_belief(store, _home(store, speaking), asked, given)


def _home(store: LoopyStore, asked: Scope) -> int:
    """The table that answers for variables: of those that mention all of them, the smallest, then the first."""
    graph = store.graph
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


def log_partition(store: LoopyStore) -> float:
    """The Bethe approximation of log Z, or of the largest log-weight, in nats.

    Raises
    ------
    ImpossibleEvidence
        If a belief is zero everywhere; names the variable or the table.
    """
    terms: list[float] = []
    for part in (_constants, _variables, _tables):
        terms += part(store)
    return fsum(terms)


def _constants(store: LoopyStore) -> list[float]:
    problem = store.graph.problem
    numbers = [k for k, scope in enumerate(problem.scopes) if not scope]
    logs = [float(problem.tables[k].log()) for k in numbers]
    for k, value in zip(numbers, logs, strict=True):
        if value == -inf:
            raise _zero_table(store, k)
    return logs


def _tables(store: LoopyStore) -> list[float]:
    """log Z_k of all tables: their message along their first edge, joined with the one received there."""
    graph, elimination = store.graph, store.options.elimination
    first = [graph.first[k] for k, scope in enumerate(graph.problem.scopes) if scope]
    terms: list[float] = []
    for batch in batches(graph, first, elimination):
        logs = _reduced(batch.contract(store.to_tables) + store.to_tables[batch.targets], elimination)
        if (logs == -inf).any():
            raise _zero_table(store, graph.table_of[batch.edges[np.argmin(logs)]])
        terms += logs.tolist()
    return terms


def _variables(store: LoopyStore) -> list[float]:
    """log Z_v of all variables and −log Z_kv of their edges."""
    elimination = store.options.elimination
    terms: list[float] = []
    for star in store.graph.stars:
        received = store.to_variables[star.elements]
        own = _reduced(received.sum(axis=1), elimination)
        if (own == -inf).any():
            raise contradiction(store.graph, star.variables[np.argmin(own)])
        shared = _reduced(received + store.to_tables[star.elements], elimination)
        terms += [*own.tolist(), *np.negative(shared).ravel().tolist()]
    return terms


def _reduced(logs: FloatArray, elimination: Elimination) -> FloatArray:
    """The sum or the maximum over the last axis."""
    if elimination == "max":
        return np.asarray(logs.max(axis=-1))
    return log_sum_exp(logs, (logs.ndim - 1,))


def _zero_table(store: LoopyStore, table: int) -> ImpossibleEvidence:
    """The error for a table that is zero wherever its variables can be; observed variables are shown with theirs."""
    problem = store.graph.problem
    scope = problem.model.tables[table].scope
    seen = {name: problem.model.variables[name].states[i] for name, i in problem.observed.items() if name in scope}
    place = ", ".join(f"{name}={seen[name]}" if name in seen else name for name in scope)
    where = " wherever its free variables can be" if problem.scopes[table] else ""
    return ImpossibleEvidence(
        f"the evidence is impossible: phi_{table}({place}) is zero{where}",
        remedy="method='exact' tells which observation makes it so",
    )
