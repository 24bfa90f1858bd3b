"""Decision processes as records, and back: every number with all its bits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from control_pgm.control.mdp.dynamics import locked
from control_pgm.control.mdp.endings import Endings
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.rewards import Rewards
from control_pgm.errors import ControlPGMError, TooLarge
from control_pgm.interop.records.json_format import plain_number
from control_pgm.interop.records.label_codes import decode_label, encode_label, shortened
from control_pgm.interop.records.record import VERSION, Record, Source
from control_pgm.interop.records.reward_record import BEYOND, beyond_arrays, beyond_from, known_from
from control_pgm.tables.arrays import frozen

PROCESS = "control_pgm/mdp"
_FIELDS = ("format", "version", "states", "actions", "discount", "transition_axes", "transition_index")
_MORE = ("reward_axes", "positions")
_CSR = ("transition_data", "transition_indices", "transition_indptr")
_ENDINGS = ("endings", "endings_index")
_INDEX = {"int32": np.int32, "int64": np.int64}
_ARRAYS = ("initial", "available", "terminal_reward", "transition", *_CSR, "reward", "reward_data", "reward_weights")
_KNOWN = ("reward_known", *BEYOND)
_LISTED = {"sas": "o", "tsas": "to"}  # the axes of rewards on outcomes -> the same, listed as non-zeros
_ROUNDING = 1e-12
_SAME_HASH = 64  # numbers can be chosen so that all have one hash, and looking one up takes as long as reading all


def mdp_record(mdp: MDP) -> Record:
    """What to write of a process."""
    rewards = mdp.reward_table
    fields: dict[str, Any] = {
        "format": PROCESS,
        "version": VERSION,
        "states": [encode_label(label) for label in mdp.states],
        "actions": [encode_label(label) for label in mdp.actions],
        "discount": plain_number(mdp.discount),
        "transition_axes": "csr" if mdp.sparse else {3: "sas", 4: "tsas"}[mdp.table.ndim],
        "reward_axes": {listed: axes for axes, listed in _LISTED.items()}.get(rewards.axes, rewards.axes),
    }
    if mdp.sparse:
        fields["transition_index"] = mdp.table.indices.dtype.name
    if mdp.positions is not None:
        fields["positions"] = [[encode_label(label), *place] for label, place in mdp.positions.items()]
    several = rewards.weights is not None
    optional = {
        "available": None if mdp.available.all() else mdp.available,
        "terminal_reward": mdp.terminal_reward,
        "reward_weights": rewards.weights,
        "reward_known": None if rewards.known is None else np.broadcast_to(rewards.known, rewards.values.shape[1:]),
    }
    arrays: dict[str, NDArray[Any]] = {"initial": mdp.initial}
    arrays |= {name: array for name, array in optional.items() if array is not None}
    tables = [mdp.table.data, mdp.table.indices, mdp.table.indptr] if mdp.sparse else [mdp.table]
    arrays.update(zip(_CSR if mdp.sparse else ("transition",), tables, strict=True))
    if mdp.endings is not None:
        found = mdp.endings
        arrays["endings_index"] = np.stack([found.state, found.action, found.entered])
        arrays["endings"] = np.stack([found.probability, found.reward])
    arrays["reward_data" if rewards.listed else "reward"] = rewards.values if several else rewards.values[0]
    return Record(fields, arrays | beyond_arrays(rewards.beyond))


def mdp_from(source: Source) -> MDP:
    """The process of a record, checked as any other process is.

    Raises
    ------
    InvalidFile
        Naming the file, the field and the place.
    TooLarge
        If an array would take more than the file's budget.
    """
    source.expect(PROCESS, {"control_pgm/solution": "load_solution reads solutions"})
    source.only(_FIELDS + _MORE + _KNOWN + _ARRAYS + _ENDINGS)
    states, actions = read_labels(source, "states"), read_labels(source, "actions")
    sizes = {"s": len(states), "a": len(actions), "t": None, "k": None}

    def array(name: str, axes: str, kind: Any = "float") -> NDArray[Any]:
        return source.array(name, tuple(sizes[axis] for axis in axes), kind)

    def optional(name: str, axes: str, kind: Any = "float") -> NDArray[Any] | None:
        return array(name, axes, kind) if name in source.names else None

    transition = _transition(source, array, len(states), len(actions))
    initial = optional("initial", "s")
    try:
        mdp = MDP(
            transition,
            _listed_rewards(source, transition) if "reward_data" in source.names else _rewards(source, array),
            initial=initial,
            states=states,
            actions=actions,
            available=optional("available", "sa", "bool"),
            terminal_reward=optional("terminal_reward", "s"),
            discount=source.number("discount") if "discount" in source.names else 1.0,
            positions=_positions(source, set(states)),
            endings=_endings(source, len(states), len(actions)),
        )
    except TooLarge as error:
        raise TooLarge(f"{source.file}: {error.what}", allowed=error.allowed, remedy=error.remedy) from None
    except ControlPGMError as error:
        if error.what.startswith(source.file):
            raise
        raise source.error(error.what, allowed=error.allowed, remedy=error.remedy) from None
    return _keep_bits(mdp, transition, initial)


def read_labels(source: Source, name: str) -> list[Hashable]:
    """The labels of a field, each of them once."""
    values = source.value(name)
    if not isinstance(values, list) or not values:
        raise source.error(f"{source.prefix}{name} is {shortened(values)}", allowed="a list of at least one label")
    decoded = [decode_label(value, f"{source.file}: {name}[{k}]") for k, value in enumerate(values)]
    if max(Counter(map(hash, decoded)).values()) > _SAME_HASH:
        raise source.error(f"too many labels in {source.prefix}{name} share a hash", allowed=f"{_SAME_HASH}")
    index_of = {label: k for k, label in reversed(list(enumerate(decoded)))}
    if len(index_of) != len(decoded):
        k = next(k for k, label in enumerate(decoded) if index_of[label] != k)
        raise source.error(
            f"{source.prefix}{name}[{k}] is {decoded[k]!r} for the second time", allowed="each label once"
        )
    return decoded


def _transition(source: Source, array: Callable[..., NDArray[Any]], n: int, m: int) -> Any:
    axes = source.text("transition_axes", ("sas", "tsas", "csr")) if "transition_axes" in source.names else "sas"
    if axes != "csr":
        return array("transition", axes)
    index = source.text("transition_index", tuple(_INDEX)) if "transition_index" in source.names else "int32"
    return read_csr(source, "transition", (n * m, n), index)


def read_csr(source: Source, name: str, shape: tuple[int, int], index: str = "int32") -> Any:
    """A CSR matrix of the arrays NAME_data, NAME_indices and NAME_indptr."""
    data, indices = source.array(f"{name}_data", (None,), "float"), source.array(f"{name}_indices", (None,), "int")
    indptr = source.array(f"{name}_indptr", (shape[0] + 1,), "int")
    if indptr[0] != 0 or (np.diff(indptr) < 0).any() or indptr[-1] != len(data) or len(indices) != len(data):
        raise source.error(
            f"{source.prefix}{name}_indptr does not fit",
            allowed="numbers that rise from 0 to the number of indices and of data",
        )
    bad = (indices < 0) | (indices >= shape[1])
    if bad.any():
        k = int(np.argmax(bad))
        raise source.error(f"{source.prefix}{name}_indices[{k}] is {indices[k]}", allowed=f"0 … {shape[1] - 1}")
    fitting = _INDEX[index if max(shape[0], len(data)) < 2**31 else "int64"]
    parts = (data, indices.astype(fitting), indptr.astype(fitting))
    return sparse.csr_array(parts, shape=shape, dtype=np.float64)


def _rewards(source: Source, array: Callable[..., NDArray[Any]]) -> Rewards:
    axes = source.text("reward_axes", ("sa", "sas", "tsa", "tsas"))
    if "reward_weights" not in source.names:
        values = array("reward", axes)
        return Rewards(axes, frozen(values[None]), None, known_from(source, values.shape))
    values, weights = array("reward", "k" + axes), array("reward_weights", "k" + axes)
    if values.shape != weights.shape or not len(values):
        raise source.error(
            f"reward has shape {values.shape} and reward_weights {weights.shape}", allowed="the same, at least one k"
        )
    return Rewards(axes, frozen(values), _weights(source, weights), known_from(source, values.shape[1:]))


def _listed_rewards(source: Source, transition: Any) -> Rewards:
    """Rewards of the non-zeros of a sparse transition, in their order."""
    axes = source.text("reward_axes", tuple(_LISTED))
    if not sparse.issparse(transition) or not transition.has_canonical_format:
        raise source.error(
            f"{source.prefix}reward_data without a transition whose non-zeros it can follow",
            allowed="a transition in csr, indices ascending in every row",
        )
    shape = (None, *[None for _ in axes.removesuffix("sas")], transition.nnz)
    weights: NDArray[Any] | None = None
    if "reward_weights" in source.names:
        values = source.array("reward_data", shape, "float")
        weights = _weights(source, source.array("reward_weights", values.shape, "float"))
    else:
        values = source.array("reward_data", shape[1:], "float")[None]
    known = known_from(source, values.shape[1:])
    n = transition.shape[1]
    beyond = beyond_from(source, n, transition.shape[0] // n, values.shape[1:-1])
    return Rewards(_LISTED[axes], frozen(values), weights, known, beyond)


def _weights(source: Source, weights: NDArray[Any]) -> NDArray[Any]:
    if not len(weights) or not (weights >= 0).all() or not (np.abs(weights.sum(axis=0) - 1.0) <= 1e-9).all():
        raise source.error("reward_weights are no weights", allowed="numbers ≥ 0 that sum to 1 over k")
    return frozen(weights)


def _positions(source: Source, states: Set[Hashable]) -> dict[Hashable, tuple[int, int]] | None:
    if "positions" not in source.names:
        return None
    rows = source.value("positions")
    if not isinstance(rows, list):
        raise source.error(f"{source.prefix}positions is {shortened(rows)}", allowed="a list of [state, row, column]")
    result: dict[Hashable, tuple[int, int]] = {}
    for k, row in enumerate(rows):
        where = f"{source.prefix}positions[{k}]"
        if not isinstance(row, list) or len(row) != 3 or type(row[1]) is not int or type(row[2]) is not int:
            raise source.error(f"{where} is {shortened(row)}", allowed="[state, row, column]")
        label = decode_label(row[0], f"{source.file}: {where}")
        if label not in states:
            raise source.error(f"{where} names {shortened(row[0])}", allowed="a state")
        result[label] = (row[1], row[2])
    if len(result) != len(rows):
        raise source.error(f"{source.prefix}positions name a state twice", allowed="each state once")
    return result


def _endings(source: Source, n: int, m: int) -> Endings | None:
    """Rows (s, a, state entered) as indices, and (probability, reward)."""
    if "endings" not in source.names:
        return None
    values = source.array("endings", (2, None), "float")
    places = source.array("endings_index", (3, values.shape[1]), "int")
    bad = (places < 0) | (places >= np.array([[n], [m], [n]]))
    if bad.any() or not ((values[0] >= 0) & (values[0] <= 1)).all() or not (values[1] < np.inf).all():
        raise source.error(
            f"{source.prefix}endings do not fit", allowed="indices of s, a and s'; probabilities; rewards below +inf"
        )
    return Endings.frozen(*places, *values)


def _keep_bits(mdp: MDP, transition: Any, initial: NDArray[Any] | None) -> MDP:
    """The process with tables that were normalised when they were saved: normalising again would round once more."""
    kept: dict[str, Any] = {}
    if initial is not None and np.allclose(initial, mdp.initial, rtol=_ROUNDING, atol=0.0):
        kept["initial"] = frozen(initial)
    if mdp.sparse:
        given = transition.sorted_indices()
        if _same_entries(given, mdp.table):
            kept["table"] = locked(given)
    elif np.allclose(transition, mdp.table, rtol=_ROUNDING, atol=0.0):
        kept["table"] = frozen(transition)
    return mdp.rebuilt(**kept) if kept else mdp


def _same_entries(given: Any, built: Any) -> bool:
    if not np.array_equal(given.indptr, built.indptr) or not np.array_equal(given.indices, built.indices):
        return False
    return bool(np.allclose(given.data, built.data, rtol=_ROUNDING, atol=0.0))
