"""Control networks in records: the process and the options that they were unrolled from, beside all of their tables.

A network is read by unrolling the process again and changing what is different, so that it is solved as it was.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.network.optimality_network import OPTIMALITY
from control_pgm.control.network.unroll import unroll_process
from control_pgm.inference.problem import state_indices
from control_pgm.interop.plain_values import whole_rows
from control_pgm.interop.records.json_format import plain_number
from control_pgm.interop.records.label_codes import decode_label, encode_label, shortened
from control_pgm.interop.records.mdp_record import mdp_from, mdp_record
from control_pgm.interop.records.record import Record, Source
from control_pgm.interop.records.solution_fields import (
    prior_kind,
    read_horizon,
    read_prior,
    read_temperatures,
    read_truth,
)
from control_pgm.models.cpd import CPD
from control_pgm.tables.arrays import lock
from control_pgm.tables.factor import Factor

FIELDS = (
    "mdp",
    "horizon",
    "temperature",
    "temperatures",
    "prior",
    "action_prior",
    "as_unrolled",
    "reward_shift",
    "own",
    "given",
)
_ROUNDING = 1e-9  # by which tables of another machine may differ in their logarithms


def control_record(network: ControlNetwork) -> Record:
    """What to write of a control network beside its tables."""
    prior = network.prior.given
    fields: dict[str, Any] = {
        "horizon": network.horizon,
        "prior": prior_kind(prior),
        "as_unrolled": network.as_unrolled,
        "own": _own(network),
        "given": [
            [name, encode_label(label)] for name, label in network.evidence.items() if name not in network.optimal
        ],
    }
    arrays: dict[str, NDArray[Any]] = {"reward_shift": network.reward_shift}
    if network.scheduled:
        arrays["temperatures"] = network.temperatures
    else:
        fields["temperature"] = plain_number(network.temperature)
    if prior is not None and not isinstance(prior, str):
        arrays["action_prior"] = prior
    return Record(fields, arrays, {"mdp": mdp_record(network.mdp)})


def _own(network: ControlNetwork) -> list[str]:
    """The tables of optimality that do not follow from rewards, but were put in their place."""
    if network.as_unrolled:
        return []
    steps = range(network.horizon)
    return [f"O_{t}" for t in steps if network.cpd(f"O_{t}").scaled is not network.rewarded(t)]


def control_from(source: Source, cpds: Sequence[CPD], factors: Sequence[Factor]) -> ControlNetwork:
    """The control network of a record with these tables.

    Raises
    ------
    InvalidFile
        If the tables are not those of a network of the process; names one.
    """
    mdp = mdp_from(source.part("mdp"))
    horizon = read_horizon(source, mdp)
    alphas, prior = read_temperatures(source, horizon), read_prior(source, mdp, horizon)
    network = unroll_process(mdp, horizon, temperature=alphas, action_prior=prior)
    given, tables = {cpd.child.name: cpd for cpd in cpds}, _Comparison()
    for cpd in network.cpds:
        other = given.get(cpd.child.name)
        if other is None or other.child != cpd.child:
            what = "is missing" if other is None else "has other states than in the process"
            raise source.error(
                f"the table of {cpd.child.name!r} {what}", allowed="the variables of the unrolled process"
            )
    counted = len(network.factors)
    if len(factors) < counted or not all(map(tables.close, factors, network.factors)):
        raise source.error("the factors that count actions are missing", allowed=f"those of prior {'counting'!r} first")
    added: list[CPD | Factor] = [cpd for name, cpd in given.items() if name not in network.variables]
    added += factors[counted:]
    if read_truth(source, "as_unrolled"):
        odd = next((cpd for cpd in network.cpds if not tables.close(given[cpd.child.name], cpd)), None)
        if odd is not None or added:
            name = added[0].scope[-1] if odd is None else odd.child.name
            raise source.error(f"as_unrolled is true, but the table of {name!r} is not the process's")
        return network
    return _changed(source, network, given, added, tables)


def _changed(
    source: Source, network: ControlNetwork, given: dict[str, CPD], added: list[CPD | Factor], tables: _Comparison
) -> ControlNetwork:
    """The network with what the record has more, and with its other tables."""
    shift = lock(source.array("reward_shift", network.reward_shift.shape, "float"))
    if not np.isfinite(shift).all():
        raise source.error(f"reward_shift is {shift[~np.isfinite(shift)][0]}", allowed="finite numbers")
    if added:
        network = network.extend(*added)
    own = source.value("own")
    if not isinstance(own, list) or not all(isinstance(name, str) and name in network.optimal for name in own):
        raise source.error(f"own is {shortened(own)}", allowed="names of optimality nodes")
    for name in own:  # first, since others follow from what else is replaced
        network = network.replace(given[name])
    for name in sorted(network.variables, key=lambda name: network.variable(name).kind == OPTIMALITY):
        if not tables.equal(given[name], network.cpd(name)):
            network = network.replace(given[name])
    changed = network.given(_given(source, network))  # no longer as it was unrolled, whether or not tables differ
    if not np.array_equal(changed.reward_shift, shift):
        changed.__dict__["reward_shift"] = shift
    return changed


def _given(source: Source, network: ControlNetwork) -> dict[str, Hashable]:
    """What is observed beside optimality."""
    rows = source.value("given")
    fits = isinstance(rows, list) and all(isinstance(row, list) and len(row) == 2 for row in rows)
    if not fits or not all(isinstance(name, str) and name in network.variables for name, _ in rows):
        raise source.error(f"given is {shortened(rows)}", allowed="a list of [name of a variable, label]")
    found = {name: decode_label(label, f"{source.file}: given, {name}") for name, label in rows}
    state_indices(network, found)
    return found


class _Comparison:
    """Whether tables are the same; each pair of tables, which slices share, is compared once."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, int], float] = {}

    def distance(self, one: Factor, other: Factor) -> float:
        """The largest difference of logarithms; infinite between other scopes."""
        if one.scope != other.scope or one.shape != other.shape:
            return np.inf
        key = id(one.scaled), id(other.scaled)
        if key not in self.known:
            a, b = whole_rows(one, log=True), whole_rows(other, log=True)
            apart = np.abs(np.subtract(a, b, out=np.zeros(a.shape), where=a != b))
            self.known[key] = float(apart.max(initial=0.0))
        return self.known[key]

    def close(self, one: Factor, other: Factor) -> bool:
        """Whether two tables are the same but for rounding."""
        return self.distance(one, other) <= _ROUNDING

    def equal(self, one: Factor, other: Factor) -> bool:
        """Whether two tables have the same numbers."""
        return self.distance(one, other) == 0.0
