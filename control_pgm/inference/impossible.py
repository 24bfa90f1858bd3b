"""Impossible evidence: the first observation, in the order of time, that leaves nothing possible."""

from __future__ import annotations

from collections.abc import Container, Hashable, Sequence

from control_pgm.errors import ImpossibleEvidence, TooLarge
from control_pgm.inference.problem import Evidence, Labels, conditioned
from control_pgm.inference.tree.compile import compile_plan
from control_pgm.inference.tree.passes import Pass
from control_pgm.inference.tree.plan import plan
from control_pgm.inference.tree.sum_product import Collect
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.cpd import CPD
from control_pgm.models.d_separation import prune
from control_pgm.models.factor_graph import FactorGraph, Model
from control_pgm.tables.factor import Factor
from control_pgm.tables.numbers.scaled import Scaled

Constraint = tuple[str, Hashable] | Factor  # an observation, or a factor that is no CPD


def impossible(model: Model, evidence: Evidence | None, memory_limit: int) -> ImpossibleEvidence:
    """The error for evidence of probability zero, naming the first culprit in the order of time.

    Adding constraints never makes an impossible model possible, so bisection over the ordered constraints finds the
    first one after which nothing is possible any more. Fewer observations can need larger clusters: where these exceed
    the memory limit, the culprit stays unnamed.
    """
    try:
        return _culprit(model, evidence, memory_limit)
    except TooLarge:
        return ImpossibleEvidence(
            "the evidence is impossible: it has probability zero",
            remedy="raise memory_limit to be told where; finding out needs larger tables than the query itself",
        )


def _culprit(model: Model, evidence: Evidence | None, memory_limit: int) -> ImpossibleEvidence:
    weighted, labels = conditioned(model, evidence)
    own = {id(table) for table in model.tables}
    constraints = _in_time(weighted, labels, own)
    low, high = 0, len(constraints)  # the first `low` are possible (or low = 0), the first `high` are not
    while high - low > 1:
        middle = (low + high) // 2
        if _possible(model, constraints[:middle], memory_limit):
            low = middle
        else:
            high = middle
    culprit = constraints[high - 1]
    time = _time(model, culprit)
    slice_ = "" if time is None else f" from slice {time} on"
    if isinstance(culprit, Factor) and id(culprit) not in own:
        name = culprit.variables[0].name
        return ImpossibleEvidence(
            f"the evidence is impossible{slice_}: the likelihoods of {name!r} are 0 in all states that are possible "
            "given what is observed before it",
            remedy="check the zeros of the tables up to there, or give those states a likelihood above 0",
            time=time,
            variable=name,
        )
    if isinstance(culprit, Factor):
        return ImpossibleEvidence(
            f"the model is impossible{slice_}: {culprit!r} leaves no state with positive weight", time=time
        )
    name, label = culprit
    return ImpossibleEvidence(
        f"the evidence is impossible{slice_}: {name}={label} has probability zero given what is observed before it",
        remedy="check the zeros of the tables up to there, or drop the observation",
        time=time,
        variable=name,
    )


def _in_time(model: Model, labels: Labels, own: Container[int]) -> list[Constraint]:
    """The constraints slice by slice: in each the model's own tables, then what was observed."""
    # In a Bayesian network the CPDs alone are never impossible; in a factor graph every table counts.
    is_network = isinstance(model, BayesianNetwork)
    constraints: list[Constraint] = [f for f in model.tables if not (is_network and isinstance(f, CPD))]
    constraints += list(labels.items())

    def key(constraint: Constraint) -> tuple[int, bool]:
        time = _time(model, constraint)
        return (-1 if time is None else time, not (isinstance(constraint, Factor) and id(constraint) in own))

    return sorted(constraints, key=key)


def _time(model: Model, constraint: Constraint) -> int | None:
    if isinstance(constraint, Factor):
        return max((v.time for v in constraint.variables if v.time is not None), default=None)
    return model.variables[constraint[0]].time


def _possible(model: Model, constraints: Sequence[Constraint], memory_limit: int) -> bool:
    factors = [c for c in constraints if isinstance(c, Factor)]
    observed = {c[0]: c[1] for c in constraints if not isinstance(c, Factor)}
    part: Model
    if isinstance(model, BayesianNetwork):
        part = prune(BayesianNetwork(model.cpds, factors), (), observed)
    elif factors:
        part = FactorGraph(factors)
        observed = {name: label for name, label in observed.items() if name in part.variables}
    else:
        return True
    compiled = compile_plan(plan(part, observed, memory_limit=memory_limit))
    sent: Pass[Scaled] = Pass(Collect(compiled))
    roots = [sent[i] for i in compiled.tree.roots if not compiled.barren[i]]
    constants = [table for table, _ in compiled.problem.constants]
    return all(table.support.all() for table in (*roots, *constants))
