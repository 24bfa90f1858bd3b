"""Exact samples of the posterior: one variable after another, backwards through a tree that was collected.

After the upward pass, a root knows its own posterior, and every other cluster that of its variable given those above:

    p(x_i | S_i, e) ∝ prod_{phi in i} phi · prod_{children j} m_j

Drawing from the roots down gives independent samples of the joint posterior. On a chain this is forward filtering,
backward sampling (Frühwirth-Schnatter 1994; in trees Dawid 1992). All samples are drawn at once, cluster by cluster.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from control_pgm.display import elided, size, text_table
from control_pgm.errors import InvalidArgument, TooLarge, unknown
from control_pgm.inference.local_weights import Logarithms, log_weights
from control_pgm.inference.seeds import generator
from control_pgm.inference.tree.compile import Compiled, Upward
from control_pgm.models.factor_graph import Model
from control_pgm.tables.arrays import FloatArray, IntArray
from control_pgm.tables.frozen import Restored
from control_pgm.tables.variable import Variable

StateArray = NDArray[np.unsignedinteger[Any]]
_SHOWN_VARIABLES = 8
_BLOCK = 2**22  # weights that are held at once


@dataclass(frozen=True, eq=False, repr=False)
class Samples(Restored):
    """Independent samples of the joint posterior; made by ``posterior.sample(n, rng)``.

    Attributes
    ----------
    variables : tuple of Variable
        All variables of the model in their natural order, observed ones included.
    indices : int array [n, variables]
        State indices, read-only, in the smallest type that holds them.

    Examples
    --------
    >>> from control_pgm import gridworld, unroll
    >>> samples = unroll(gridworld("S.G"), 2).infer().sample(100, 0)
    >>> samples
    Samples(100 of 7 variables)
    >>> set(samples.labels("s_0"))
    {'(0,0)'}
    """

    variables: tuple[Variable, ...]
    indices: StateArray

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the variables, in the order of the columns.

        Examples
        --------
        >>> from control_pgm import gridworld, unroll
        >>> unroll(gridworld("S.G"), 1).infer().sample(3, 0).names
        ('s_0', 'a_0', 's_1', 'O_0')
        """
        return tuple(v.name for v in self.variables)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, name: str) -> StateArray:
        """The state indices of one variable in all samples.

        Raises
        ------
        UnknownName
            If the variable does not exist.

        Examples
        --------
        >>> from control_pgm import gridworld, unroll
        >>> unroll(gridworld("S.G"), 2).infer().sample(3, 0)["s_0"].tolist()
        [0, 0, 0]
        """
        return self.indices[:, self._column(name)]

    def labels(self, name: str) -> list[Hashable]:
        """The state labels of one variable in all samples.

        Examples
        --------
        >>> from control_pgm import gridworld, unroll
        >>> unroll(gridworld("S.G"), 2, temperature=0.1).infer().sample(3, 0).labels("a_0")
        ['right', 'right', 'right']
        """
        states = self.variables[self._column(name)].states
        return [states[i] for i in self[name].tolist()]

    def assignment(self, k: int) -> dict[str, Hashable]:
        """Sample k: name -> label of every variable.

        Examples
        --------
        >>> from control_pgm import gridworld, unroll
        >>> unroll(gridworld("S.G"), 1).infer().sample(3, 0).assignment(0)
        {'s_0': '(0,0)', 'a_0': 'left', 's_1': '(0,0)', 'O_0': 1}
        """
        row = self.indices[k].tolist()
        return {v.name: v.states[i] for v, i in zip(self.variables, row, strict=True)}

    def _column(self, name: str) -> int:
        for column, variable in enumerate(self.variables):
            if variable.name == name:
                return column
        raise unknown(name, self.names, what="variable")

    def __str__(self) -> str:
        shown = elided([[name] for name in self.names], _SHOWN_VARIABLES)
        columns = [self._text(row[0]) for row in shown]
        rows = [[str(k), *(column[k] for column in columns)] for k in range(min(len(self), _SHOWN_VARIABLES))]
        if len(self) > len(rows):
            rows.append([f"… {len(self) - len(rows)} more", *[""] * len(columns)])
        return text_table(["sample", *(row[0] for row in shown)], rows)

    def _text(self, name: str) -> list[str]:
        """The first labels of a column; of a gap between columns, dots."""
        if name not in self.names:
            return ["…"] * _SHOWN_VARIABLES
        states = self.variables[self._column(name)].states
        return [str(states[i]) for i in self[name][:_SHOWN_VARIABLES].tolist()]

    def __repr__(self) -> str:
        return f"Samples({len(self)} of {len(self.variables)} variables)"


def sample_options(n: int, rng: np.random.Generator | int) -> tuple[int, np.random.Generator]:
    """The arguments of ``posterior.sample``, checked: a number of samples, and a generator made of a seed."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise InvalidArgument(f"n {n!r}", allowed="an integer ≥ 1")
    return int(n), generator(rng, "rng")


def room_for_samples(model: Model, observed: Mapping[str, int], n: int, memory_limit: int) -> StateArray:
    """State indices of samples to be drawn, [variable, sample]; observed states are in place, the others 0.

    Raises
    ------
    TooLarge
        If the samples need more than ``memory_limit`` bytes.
    """
    variables = model.variables
    dtype = np.min_scalar_type(max([v.cardinality for v in variables.values()], default=1) - 1)
    need = n * len(variables) * dtype.itemsize
    if need > memory_limit:
        raise TooLarge(
            f"{n:,} samples of {len(variables):,} variables need {size(need)}",
            allowed=f"{size(memory_limit)} (memory_limit)",
            remedy="draw fewer at once, or raise memory_limit",
        )
    states = np.zeros((len(variables), n), dtype=dtype)
    for column, name in enumerate(variables):
        states[column] = observed.get(name, 0)
    return states


def draw(compiled: Compiled, sent: Upward, n: int, rng: np.random.Generator, memory_limit: int) -> Samples:
    """Draw ``n`` samples from a tree and the messages of its upward pass. The evidence must be possible.

    Raises
    ------
    TooLarge
        If the samples need more than ``memory_limit`` bytes.
    """
    problem, tree = compiled.problem, compiled.tree
    states = room_for_samples(problem.model, problem.observed, n, memory_limit)
    row_of = {name: row for row, name in enumerate(problem.model.variables)}
    rows = [row_of[name] for name in problem.names]
    logarithms = Logarithms()
    for i in reversed(range(len(tree.order))):
        v, separator = tree.order[i], tree.separators[i]
        sizes = tuple(problem.cardinalities[u] for u in separator)
        distinct, case = _cases([states[rows[u]] for u in separator], sizes, n)
        operands = [logarithms.of_table(operand) for operand in compiled.operands(i)]
        operands += [logarithms.of_message(operand) for operand in compiled.received(sent, i)]
        at_once = max(1, _BLOCK // problem.cardinalities[v])
        for start in range(0, len(distinct), at_once):
            block = distinct[start : start + at_once]
            columns = np.unravel_index(block, sizes) if sizes else ()
            around = dict(zip(separator, columns, strict=True))
            weights = log_weights(operands, v, problem.cardinalities[v], around, len(block))
            mine = np.flatnonzero((case >= start) & (case < start + at_once))
            states[rows[v], mine] = choose(weights, case[mine] - start, rng)
    states.flags.writeable = False
    return Samples(tuple(problem.model.variables.values()), states.T)


def _cases(columns: Sequence[NDArray[Any]], sizes: tuple[int, ...], n: int) -> tuple[IntArray, IntArray]:
    """The distinct combinations of states among the samples, numbered in C order, and which of them each sample has."""
    number = np.zeros(n, dtype=np.int64)
    for column, cardinality in zip(columns, sizes, strict=True):
        number *= cardinality
        number += column
    if prod(sizes) > 4 * n:
        distinct, case = np.unique(number, return_inverse=True)
        return distinct, case
    seen = np.zeros(prod(sizes), dtype=np.int64)  # few enough to list all combinations, without sorting
    seen[number] = 1
    distinct = np.flatnonzero(seen)
    seen[distinct] = np.arange(len(distinct))
    return distinct, seen[number]


def choose(log_weights: FloatArray, row: IntArray, rng: np.random.Generator) -> IntArray:
    """For each sample a state, drawn with the weights of its row; never one of weight zero.

    Cumulative weights are searched for all samples at once, halving the range each time. A row is filled up with inf to
    a power of two, which no draw reaches.

    Parameters
    ----------
    log_weights : array [row, state]
        Unnormalised; each row needs a finite one.
    row : int array [sample]

    Examples
    --------
    >>> weights = np.log([[1.0, 1e-300, 3.0], [0.5, 0.25, 0.25]]) + 1e6
    >>> draws = choose(weights, np.array([0] * 6000), np.random.default_rng(0))
    >>> np.bincount(draws).tolist()
    [1517, 0, 4483]
    """
    relative = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    cumulative = np.cumsum(relative, axis=1)
    n_states = cumulative.shape[1]
    width = 1 << (n_states - 1).bit_length()
    padded = np.full((len(cumulative), width), np.inf)
    padded[:, :n_states] = cumulative
    below = rng.random(len(row)) * cumulative[row, -1]
    flat, place = padded.ravel(), row * width
    first = place.copy()
    step = width // 2
    while step:
        place += step * (flat[place + (step - 1)] <= below)
        step //= 2
    return np.asarray(place - first)
