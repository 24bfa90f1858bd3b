"""Networks whose variables have no order: inference on them against an ordered chain of the same size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from control_pgm import CPD, BayesianNetwork, Factor, FactorGraph, Variable, infer
from control_pgm.models.factor_graph import Model
from tests.benchmarks.report import Table, progress
from tests.benchmarks.timing import Maker, interleaved, milliseconds, ratio

SIZES = (20_000, 80_000)
STAY = np.array([[0.9, 0.1], [0.2, 0.8]])
HEADER = ("variables", "network", "inference, ms", "of the ordered chain", "quartiles")


def tables(seconds: float, sizes: Sequence[int] = SIZES) -> list[Table]:
    """A row for every size and network, beside the ordered chain in the same form."""
    note = "Plan, both passes and the marginals of 100 variables. Of the ordered chain: of the same form and size."
    return [Table("irregular networks", HEADER, [row for n in sizes for row in _rows(n, seconds)], note)]


def _rows(n: int, seconds: float) -> list[list[str]]:
    progress(f"irregular networks: {n:,} variables")
    rng = np.random.default_rng(0)
    line, branches = [*range(-1, n - 1)], [-1, *(int(rng.integers(v)) for v in range(1, n))]
    models: dict[str, tuple[Model, str]] = {
        "chain, network": (network(line), ""),
        "random tree, network": (network(branches), "chain, network"),
        "shuffled chain, network": (network(line, rng), "chain, network"),
        "chain, factors": (factors(network(line)), ""),
        "shuffled chain, factors": (factors(network(line, rng), rng), "chain, factors"),
        "random tree, factors": (factors(network(branches)), "chain, factors"),
    }
    makers: dict[str, Maker] = {name: _job(model) for name, (model, _) in models.items()}
    times = interleaved(makers, seconds)
    rows = []
    for name, (_, ordered) in models.items():
        shares = ratio(times[name], times[ordered]) if ordered else ["", ""]
        rows.append([f"{n:,}", name, milliseconds(times[name]), *shares])
    return rows


def _job(model: Model) -> Maker:
    asked = list(model.variables)[:: max(1, len(model.variables) // 100)]

    def run() -> object:
        posterior = infer(model)
        return [posterior.marginal(name) for name in asked]

    return lambda: run


def network(parents: Sequence[int], rng: np.random.Generator | None = None) -> BayesianNetwork:
    """Binary variables, each with the parent of that number (−1: none); with ``rng`` order and names are shuffled."""
    n = len(parents)
    names = np.arange(n) if rng is None else rng.permutation(n)
    variables = [Variable(f"x{name}", 2) for name in names.tolist()]
    cpds = [
        CPD(v, [variables[parent]], STAY) if parent >= 0 else CPD(v, [], [0.4, 0.6])
        for v, parent in zip(variables, parents, strict=True)
    ]
    return BayesianNetwork(cpds if rng is None else [cpds[k] for k in rng.permutation(n).tolist()])


def factors(model: BayesianNetwork, rng: np.random.Generator | None = None) -> FactorGraph:
    """The same tables as a factor graph, whose variables come in the order in which tables mention them."""
    order = np.arange(len(model.cpds)) if rng is None else rng.permutation(len(model.cpds))
    return FactorGraph([Factor(model.cpds[k].variables, model.cpds[k].array()) for k in order.tolist()])
