"""Independence read from the graph alone: d-separation and barren nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from control_pgm.errors import InvalidArgument, unknown
from control_pgm.models.bayesian_network import BayesianNetwork


def d_separated(
    network: BayesianNetwork, x: Iterable[str] | str, y: Iterable[str] | str, given: Iterable[str] | str = ()
) -> bool:
    """Whether the graph implies that ``x`` and ``y`` are independent given ``given``.

    Parameters
    ----------
    network : BayesianNetwork
        Added factors count as observed children of their scope.
    x, y, given : names
        Disjoint sets of variables.

    Raises
    ------
    InvalidArgument
        If the sets overlap.
    UnknownName
        If a variable does not exist.

    Source: Koller and Friedman (2009), algorithm 3.1 (reachability along active trails); linear in the network.

    Examples
    --------
    >>> from control_pgm import CPD, Variable
    >>> a, b, c = (Variable(n, 2) for n in "abc")
    >>> coin = [0.5, 0.5]
    >>> net = BayesianNetwork([CPD(a, [], coin), CPD(b, [], coin), CPD(c, [a, b], [[coin, coin], [coin, coin]])])
    >>> d_separated(net, "a", "b"), d_separated(net, "a", "b", given="c")
    (True, False)
    """
    source, target, observed = (_names(network, names) for names in (x, y, given))
    if source & target or (source | target) & observed:
        raise InvalidArgument(f"the sets {sorted(source)}, {sorted(target)} and {sorted(observed)} overlap")
    parents, children = _relations(network)
    factor_nodes = [f"\0factor {k}" for k in range(len(network.factors))]
    for node, factor in zip(factor_nodes, network.factors, strict=True):
        parents[node], children[node] = list(factor.scope), []
        for name in factor.scope:
            children[name].append(node)
    observed = observed | set(factor_nodes)
    opens_colliders = _ancestors(parents, observed)
    # A visit is (node, came from a child?).
    stack, seen = [(name, True) for name in source], set[tuple[str, bool]]()
    while stack:
        node, upward = visit = stack.pop()
        if visit in seen:
            continue
        seen.add(visit)
        if node not in observed:
            if node in target:
                return False
            if upward:
                stack += [(p, True) for p in parents[node]]
            stack += [(c, False) for c in children[node]]
        if not upward and node in opens_colliders:
            stack += [(p, True) for p in parents[node]]
    return True


def barren(
    network: BayesianNetwork, targets: Iterable[str] | str, evidence: Iterable[str] | str = ()
) -> frozenset[str]:
    """The variables that a query about ``targets`` given ``evidence`` does not need: no ancestors of either.

    Their CPDs sum to one, so leaving them out changes nothing (Shachter 1986).
    """
    needed = _names(network, targets) | _names(network, evidence)
    needed |= {name for factor in network.factors for name in factor.scope}
    parents, _ = _relations(network)
    return frozenset(parents) - _ancestors(parents, needed)


def prune(
    network: BayesianNetwork, targets: Iterable[str] | str, evidence: Iterable[str] | str = ()
) -> BayesianNetwork:
    """The network without the nodes that are `barren` for the query.

    Parameters
    ----------
    network : BayesianNetwork
    targets, evidence : names
        What is asked, and what is observed.

    Raises
    ------
    UnknownName
        If a variable does not exist.

    Examples
    --------
    >>> from control_pgm import gridworld, unroll
    >>> prune(unroll(gridworld("S.G"), 5), "s_1", ["O_1"])
    BayesianNetwork(6 variables)
    """
    gone = barren(network, targets, evidence)
    return BayesianNetwork([cpd for cpd in network.cpds if cpd.child.name not in gone], network.factors)


def _names(network: BayesianNetwork, names: Iterable[str] | str) -> set[str]:
    result = {names} if isinstance(names, str) else set(names)
    for name in result:
        if name not in network.variables:
            raise unknown(name, network.variables, what="variable")
    return result


def _relations(network: BayesianNetwork) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    parents = {cpd.child.name: [p.name for p in cpd.parents] for cpd in network.cpds}
    children: dict[str, list[str]] = {name: [] for name in parents}
    for name, above in parents.items():
        for parent in above:
            children[parent].append(name)
    return parents, children


def _ancestors(parents: Mapping[str, list[str]], names: Iterable[str]) -> set[str]:
    """The names and everything above them."""
    found: set[str] = set()
    stack = list(names)
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack += parents[name]
    return found
