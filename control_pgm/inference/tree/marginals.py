"""Marginals of all variables of an exact posterior, clusters that are copies of one another at once.

The marginal of the variable v that a cluster eliminates is the product of all that the cluster holds and has received,
from its children and from its parent, summed over its other variables (Koller and Friedman 2009, section 10.2.2).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, pairwise

import numpy as np

from control_pgm.errors import InvalidArgument, unknown
from control_pgm.inference.tree.bucket_tree import BucketTree
from control_pgm.inference.tree.compile import Compiled
from control_pgm.inference.tree.passes import Pass
from control_pgm.inference.tree.queries import Column, Fetched, Group, answer
from control_pgm.inference.tree.slices.loops import Loop, together
from control_pgm.models.factor_graph import Model
from control_pgm.tables.arrays import FloatArray, Scope, lock
from control_pgm.tables.factor import Factor
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stacked import probabilities
from control_pgm.tables.variable import Labels


class Marginals(Mapping[str, Factor]):
    """p(x | evidence) of every variable by its name; made by ``posterior.marginals()``.

    Observed variables have point masses.

    Examples
    --------
    >>> from control_pgm import gridworld, unroll
    >>> found = unroll(gridworld("S.G"), 2).infer().marginals()
    >>> found["s_1"].array().round(4).tolist()
    [0.6773, 0.3227, 0.0]
    >>> found.over_time("s").values.round(2).tolist()
    [[1.0, 0.0, 0.0], [0.68, 0.32, 0.0], [0.56, 0.28, 0.15]]
    """

    def __init__(self, model: Model, rows: Mapping[str, FloatArray]) -> None:
        self._model, self._rows = model, rows

    def __getitem__(self, name: str) -> Factor:
        if name not in self._rows:
            raise unknown(name, self._rows, what="variable")
        return Factor.of([self._model.variables[name]], Scaled.from_linear(self._rows[name]))

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def over_time(self, base: str) -> LabelledArray:
        """The marginals of ``base_0``, ``base_1``, … as one array, axes t and ``base``; "state" where that is t too.

        Parameters
        ----------
        base : str
            The name without its time.

        Raises
        ------
        UnknownName
            If no variable is called ``base_t``.
        InvalidArgument
            If not all of them have the same states.
        """
        timed = {
            variable.time: name
            for name, variable in self._model.variables.items()
            if variable.time is not None and name == f"{base}_{variable.time}"
        }
        if not timed:
            bases = {n.rpartition("_")[0] for n, v in self._model.variables.items() if v.time is not None}
            raise unknown(base, sorted(bases), what="name without a time:")
        times = sorted(timed)
        states = self._model.variables[timed[times[0]]].states
        for name in timed.values():
            if self._model.variables[name].states != states:
                raise InvalidArgument(
                    f"{name!r} has other states than {timed[times[0]]!r}",
                    allowed="the same states in all slices",
                    remedy=f"ask for one after the other: marginals[{name!r}]",
                )
        values = np.stack([self._rows[timed[t]] for t in times])
        axis = base if base != "t" else "state"
        return LabelledArray(lock(values), ("t", axis), {"t": Labels(times), axis: states})

    def __repr__(self) -> str:
        return f"Marginals({len(self)} variables)"


def tree_marginals(compiled: Compiled, up: Pass[Scaled], down: Pass[Scaled]) -> dict[int, FloatArray]:
    """The marginal of every free variable by its number."""
    rows: dict[int, FloatArray] = {}
    at = 0
    order = compiled.tree.order
    largest = max((table.n_entries for table in compiled.problem_tables() if not table.sparse), default=0)
    for loop in _copies(compiled):
        for cluster in range(at, loop.first):
            rows[order[cluster]] = _answer(compiled, up, down, range(cluster, cluster + 1), largest)[0]
        for clusters in chain(*(_alike(compiled, loop.copies(j)) for j in range(loop.width))):
            found = _answer(compiled, up, down, clusters, largest)
            rows.update(zip((order[c] for c in clusters), found, strict=True))
        at = loop.stop
    for cluster in range(at, len(order)):
        rows[order[cluster]] = _answer(compiled, up, down, range(cluster, cluster + 1), largest)[0]
    return rows


def _copies(compiled: Compiled) -> Sequence[Loop]:
    """Stretches of clusters that receive the same."""
    rolled = compiled.plan.rolled
    if rolled is None:
        return compiled.loops
    # Loops may reach further: a cluster that sends nothing is like others whatever it holds.
    return [copies.loop for copies in reversed(rolled.network.repeated)]


def _alike(compiled: Compiled, clusters: range) -> Iterator[range]:
    """Stretches of clusters that hold and receive tables over the same variables, up to their numbers.

    Clusters of a loop send the same, but those that send nothing may hold anything.
    """
    if compiled.plan.rolled is not None:
        yield clusters
        return
    forms = [_form(compiled, c) for c in clusters]
    cuts = [k for k in range(1, len(forms)) if forms[k] != forms[k - 1]]
    for start, stop in pairwise([0, *cuts, len(forms)]):
        yield clusters[start:stop]


def _form(compiled: Compiled, cluster: int) -> Hashable:
    """Equal for clusters whose marginals are the same contraction."""
    tree = compiled.tree
    label = _labels(tree, cluster)
    received = [(j - cluster, tree.separators[j]) for j in tree.children[cluster] if not compiled.barren[j]]
    scopes = [scope for scope, _ in compiled.held[cluster]]
    parent = tree.separators[cluster] if tree.parents[cluster] >= 0 else None
    return (
        tuple([compiled.problem.cardinalities[v] for v in label]),
        tuple([tuple([label[v] for v in scope]) for scope in scopes]),
        tuple([(away, tuple([label[v] for v in scope])) for away, scope in received]),
        None if parent is None else tuple([label[v] for v in parent]),
    )


def _labels(tree: BucketTree, cluster: int) -> dict[int, int]:
    """The variables of a cluster by their place in it, the one that it eliminates first."""
    own = tree.order[cluster]
    return {v: k for k, v in enumerate((own, *(v for v in tree.scopes[cluster] if v != own)))}


def _answer(compiled: Compiled, up: Pass[Scaled], down: Pass[Scaled], clusters: range, largest: int) -> FloatArray:
    """The marginals of the variables that some clusters eliminate, all of which hold and receive the same."""
    return cluster_tables(compiled, clusters, up, down, width=1, largest=largest)


def cluster_tables(
    compiled: Compiled,
    clusters: range,
    up: Pass[Scaled],
    down: Pass[Scaled] | None = None,
    *,
    width: int | None = None,
    largest: int = 0,
) -> FloatArray:
    """Of each cluster the product of what it holds and has received, normalised over the variable that it eliminates.

    Parameters
    ----------
    clusters : range
        Clusters that are copies of one another: they hold and receive the same, up to numbers.
    up, down : Pass
        The messages of the children, and of the parents; without ``down`` only what lies behind the clusters counts.
    width : int, optional
        How many of the variables are axes, counted from the last; all of them by default. The eliminated variable is
        the last axis, those before it in the order of the cluster's scope.
    largest : int
        The number of entries of the largest dense table, see `answer`.

    Returns
    -------
    array [cluster, *variables]
        NaN where a sum is zero.
    """
    tree, first = compiled.tree, clusters[0]
    label = _labels(tree, first)

    def local(variables: Scope) -> Scope:
        return tuple([label[v] for v in variables])

    columns: list[tuple[Scope, Column]] = [
        (local(held), _tables(compiled, clusters, k)) for k, (held, _) in enumerate(compiled.held[first])
    ]
    for child in tree.children[first]:
        if not compiled.barren[child]:
            away = child - first
            columns.append((local(tree.separators[child]), Fetched(up, _moved(clusters, away))))
    if down is not None and tree.parents[first] >= 0:
        columns.append((local(tree.separators[first]), Fetched(down, clusters)))
    sizes = [compiled.problem.cardinalities[v] for v in label]
    out = (*range(1, len(label)), 0)
    group = Group(len(clusters), columns)
    finish = partial(probabilities, axes=(-1,))
    return answer([group], out if width is None else out[-width:], sizes, finish, tables=largest)


def _tables(compiled: Compiled, clusters: range, k: int) -> Column:
    """Table k of some clusters: one for all, or one for each."""
    same = compiled.plan.rolled is not None  # then copies hold the same tables
    column = [compiled.held[c][k][1] for c in (clusters[:1] if same else clusters)]
    return together(column, compiled.steps, clusters)


def _moved(clusters: range, away: int) -> range:
    return range(clusters.start + away, clusters.stop + away, clusters.step)
