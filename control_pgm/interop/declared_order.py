"""Networks whose variables are in the order that a file declares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.cpd import CPD
from control_pgm.tables.factor import Factor


def network_in_order(names: Iterable[str], cpds: Sequence[CPD], factors: Sequence[Factor] = ()) -> BayesianNetwork:
    """The network with its variables in this order; its CPDs stay in theirs where that gives the same.

    >>> from control_pgm import Variable
    >>> x, y = Variable("x", 2), Variable("y", 2)
    >>> list(network_in_order(["x", "y"], [CPD(y, [], [0.5, 0.5]), CPD(x, [y], [[1, 0], [0, 1]])]).variables)
    ['x', 'y']
    """
    network = BayesianNetwork(cpds, factors)
    place = {name: k for k, name in enumerate(names)}
    if list(network.variables) == list(place):
        return network
    return BayesianNetwork(sorted(cpds, key=lambda cpd: place.get(cpd.child.name, len(place))), factors)
