"""Sources of policies: solutions of every type, saved ones and their files, labelled arrays, data frames, plain arrays.

A *source* is anything of these. What came with it, such as the temperature of a solution, is read by the same names
from all: ``inference``, ``temperatures``, ``action_prior``.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from control_pgm.control.mdp.checks import index
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.saving import read_solution
from control_pgm.control.solve_options import has_temperature
from control_pgm.errors import InvalidArgument, NotAvailable, unknown
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.frames import as_objects
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.variable import Labels

POLICY_AXES = ("t", "s", "a")


def opened(source: Any) -> Any:
    """The source itself; of the path of a file, the solution that the file holds."""
    return read_solution(source) if isinstance(source, str | Path) else source


def table_of(mdp: MDP, source: Any) -> Any:
    """The policy of a source: a labelled array where there are labels, otherwise what is to be read as an array."""
    if _is_frame(source):
        return _of_frame(mdp, source)
    if isinstance(source, Mapping):
        return _of_actions(mdp, LabelledArray(as_objects(list(source.values())), ("s",), {"s": Labels(list(source))}))
    given = getattr(source, "policy", source)
    if isinstance(given, LabelledArray) and "a" not in given.dims and given.dims[-1] == "s":
        return _of_actions(mdp, given)
    if not isinstance(given, LabelledArray) and all(hasattr(given, name) for name in ("dims", "coords", "values")):
        return _of_data_array(given)
    return given


def temperatures_of(source: Any) -> FloatArray | None:
    """alpha_t of the network that a source is the solution of; None where it has none, or nobody knows."""
    kind = getattr(source, "inference", None)
    if kind is None or not has_temperature(kind):
        return None
    return None if source.temperatures is None else np.asarray(source.temperatures)


def prior_of(mdp: MDP, source: Any) -> Any:
    """The action prior that came with a source, as `unroll` takes it, in the process's own order of labels."""
    if getattr(source, "inference", None) is None:
        return None
    if not getattr(source, "as_unrolled", True) and not hasattr(
        source, "network"
    ):  # a saved solution, which does not hold the tables themselves
        raise NotAvailable(
            "the action prior of a saved solution whose network had replaced or added tables",
            remedy="pass action_prior=…, or saved.policy in place of the solution",
        )
    prior = source.action_prior
    if prior is None or isinstance(prior, str):
        return prior
    names = POLICY_AXES[3 - np.ndim(prior) :]
    labels = {"t": Labels(range(len(prior))), "s": source.mdp.states, "a": source.mdp.actions}
    return aligned_policy(
        mdp, LabelledArray(np.asarray(prior), names, {name: labels[name] for name in names}), "action prior"
    )


def aligned_policy(mdp: MDP, table: LabelledArray, what: str = "policy") -> Any:
    """The numbers of a labelled table in the process's own order of states and actions.

    Raises
    ------
    InvalidArgument
        If it has other axes, or other labels; names one.
    """
    if sorted(table.dims) not in (["a", "s", "t"], ["a", "s"]):
        raise InvalidArgument(f"the {what} has the axes {table.dims}", allowed="('t', 's', 'a') or ('s', 'a')")
    values = table.values.transpose([table.dims.index(dim) for dim in POLICY_AXES if dim in table.dims])
    for axis, dim, own, kind in ((-1, "a", mdp.actions, "actions"), (-2, "s", mdp.states, "states")):
        places = table.coords[dim].index_of
        missing = [label for label in own if label not in places]
        if missing or len(places) != len(own):
            odd = missing[0] if missing else next(label for label in table.coords[dim] if label not in own.index_of)
            raise InvalidArgument(
                f"the {what} and the process do not name the same {kind}: {odd!r}",
                allowed=f"a {what} over the labels of the process",
                remedy=f"np.asarray({what.split()[-1]}) takes it by position",
            )
        values = np.take(values, [places[label] for label in own], axis=axis)
    return values


def _of_actions(mdp: MDP, chosen: LabelledArray) -> LabelledArray:
    """The policy that takes one action, by label, in every state, as ``solution.greedy()`` names them; NaN for None."""
    table = np.zeros((*chosen.shape, mdp.n_actions))
    for at, label in np.ndenumerate(chosen.values):
        if label is None and None not in mdp.actions.index_of:
            table[at] = np.nan
        else:
            table[(*at, index(mdp.actions, label, "action of the policy:"))] = 1.0
    return LabelledArray(table, (*chosen.dims, "a"), {**chosen.coords, "a": mdp.actions})


# --- tables of other packages -----------------------------------------------------------------------------------
def _is_frame(source: Any) -> bool:
    """Whether it is a data frame or series of pandas, which need not be imported to be read."""
    return all(hasattr(source, name) for name in ("index", "to_numpy", "reset_index"))


def _of_data_array(array: Any) -> LabelledArray:
    """From an array of xarray, whose axes are t, s, a."""
    names = tuple(map(str, array.dims))
    sizes = dict(zip(names, np.shape(array.values), strict=True))
    labels = {
        name: Labels(array.coords[name].values.tolist() if name in array.coords else range(n))
        for name, n in sizes.items()
    }
    return LabelledArray(np.array(array.values), names, labels)


def _of_frame(mdp: MDP, frame: Any) -> LabelledArray:
    """From a data frame: actions as columns and states, or (t, s), as rows; or columns s, a, perhaps t, and one more.

    Rows may be named by the index, or by columns s and t. What a frame leaves out has probability 0.
    """
    if not hasattr(frame, "columns"):  # a series over (s, a) or (t, s, a)
        names = frame.index.names
        if len(names) not in (2, 3):
            raise InvalidArgument(
                f"a series with the index {list(names)} as a policy", allowed="an index over (t, s, a)"
            )
        return _of_cells(mdp, [tuple(key) for key in frame.index.tolist()], frame.to_numpy())
    columns = list(frame.columns)
    if {"s", "a"} <= set(columns) and not set(columns) >= set(mdp.actions):
        keys = [name for name in POLICY_AXES if name in columns]
        numbers = ["policy"] if "policy" in columns else [name for name in columns if name not in keys]
        if len(numbers) != 1:
            raise InvalidArgument(
                f"a data frame with the columns {columns} as a policy",
                allowed="t, s, a and one column of probabilities, or one named 'policy'; or the actions as columns",
            )
        cells = list(zip(*(frame[name].tolist() for name in keys), strict=True))
        return _of_cells(mdp, cells, frame[numbers[0]].to_numpy())
    if "s" in columns and "s" not in mdp.actions.index_of:  # as files give it
        frame = frame.set_index([name for name in ("t", "s") if name in columns])
        columns = list(frame.columns)
    rows = frame.index.tolist()
    of_states = not isinstance(rows[0] if rows else None, tuple) or rows[0] in mdp.states.index_of
    places: list[tuple[Hashable, ...]] = [(row,) if of_states else tuple(row) for row in rows]
    cells = [(*place, column) for place in places for column in columns]
    return _of_cells(mdp, cells, np.asarray(frame.to_numpy()).ravel())


def _of_cells(mdp: MDP, cells: Sequence[tuple[Hashable, ...]], values: Any) -> LabelledArray:
    """A policy from its entries, ((t, s, a) or (s, a), probability); labels match by their text where need be."""
    timed = bool(cells) and len(cells[0]) == 3
    if not cells or len(cells[0]) not in (2, 3):
        raise InvalidArgument(
            f"a table whose entries are labelled {cells[0] if cells else ()!r} as a policy",
            allowed="(s, a) or (t, s, a)",
        )
    times = sorted({_time(cell[0]) for cell in cells}) if timed else []
    if times != list(range(len(times))):
        raise InvalidArgument(f"the policy has the times {times[0]} … {times[-1]}", allowed="0 … T−1, each of them")
    try:
        numbers = np.asarray(values, dtype=values.dtype if values.dtype.kind == "f" else np.float64)
    except (TypeError, ValueError) as reason:
        raise InvalidArgument(f"the policy is not a table of numbers ({reason})") from None
    table = np.zeros((max(len(times), 1), mdp.n_states, mdp.n_actions), dtype=numbers.dtype)
    seen = np.zeros(table.shape, dtype=bool)
    states, actions = _Matching(mdp.states, "state"), _Matching(mdp.actions, "action")
    for cell, p in zip(cells, numbers, strict=True):
        at = (_time(cell[0]) if timed else 0, states.place(cell[-2]), actions.place(cell[-1]))
        if seen[at]:
            raise InvalidArgument(f"the policy has two entries for {cell!r}", allowed="one")
        seen[at], table[at] = True, p
    labels = {"t": Labels(range(len(table))), "s": mdp.states, "a": mdp.actions}
    names = POLICY_AXES if timed else POLICY_AXES[1:]
    return LabelledArray(table if timed else table[0], names, {name: labels[name] for name in names})


class _Matching:
    """The places of labels, which files may have turned into text."""

    def __init__(self, labels: Labels, what: str) -> None:
        self.labels, self.what = labels, what
        self.by_text = {str(label): k for k, label in enumerate(labels)}

    def place(self, label: Hashable) -> int:
        """The place of a label."""
        if label in self.labels.index_of:
            return self.labels.index_of[label]
        if str(label) in self.by_text and len(self.by_text) == len(self.labels):
            return self.by_text[str(label)]
        raise unknown(label, self.labels, what=f"{self.what} of the policy:")


def _time(label: Any) -> int:
    try:
        time = int(label)
    except (TypeError, ValueError):
        time = -1
    if time < 0 or (time != label and str(time) != str(label)):
        raise InvalidArgument(f"the policy has the time {label!r}", allowed="0 … T−1")
    return time
