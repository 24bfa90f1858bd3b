"""Policies of a control model: p(u_t | what u sees, O=1) from messages, or optimisers of an elimination of values.

In the cluster that eliminates u_t, what it holds and has received from behind is proportional to p(u_t | all else in
the cluster, O_{t:T−1}=1); what comes from before does not depend on u_t. Where the cluster holds nothing that u_t does
not see, that is the policy, for all slices that repeat at once. Elsewhere the posterior is asked with what is seen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from control_pgm.control.control_model.network import ModelNetwork
from control_pgm.inference.exact import TreePosterior
from control_pgm.inference.tree.marginals import cluster_tables
from control_pgm.inference.tree.plan import Plan
from control_pgm.inference.utility.result import Valued
from control_pgm.tables.arrays import FloatArray, Scope
from control_pgm.tables.operators import Operator
from control_pgm.tables.optimiser import optimiser


def posterior_policy(network: ModelNetwork, posterior: TreePosterior, base: str) -> FloatArray:
    """The policy of an action, axes t, what it sees, itself; NaN where optimality is impossible."""
    plan, steps = posterior.plan, []
    for times in plan.alike(range(network.horizon), numbers=False):
        name = f"{base}_{times[0]}"
        names = [*network.information(base, times[0]), name]
        if name in network.evidence:
            steps += [_observed(network, f"{base}_{t}", base, t) for t in times]
        elif unseen_in_cluster(network, plan, base, times[0]) is None:
            found = cluster_tables(posterior.compiled, _clusters(plan, base, times), posterior.collected)
            steps.append(spread(cluster_scope(plan, name), found, names, network))
        else:
            steps += [_asked(network, posterior, f"{base}_{t}", base, t) for t in times]
    return np.concatenate(steps)


def optimal_policy_of(network: ModelNetwork, valued: Valued, operator: Operator, base: str) -> FloatArray:
    """The distribution of an action that attains its operator, axes t, what it sees, itself; see `optimiser`."""
    plan, steps = valued.plan, []
    for times in plan.alike(range(network.horizon), numbers=True):
        name = f"{base}_{times[0]}"
        names = [*network.information(base, times[0]), name]
        if name in network.evidence:
            steps += [_observed(network, f"{base}_{t}", base, t) for t in times]
            continue
        scope = cluster_scope(plan, name)
        values = valued_in_clusters(network, valued, base, times)
        logs = np.zeros(values.shape[1:])
        for own, table in valued.weights(_clusters(plan, base, times)[0]):
            dims = [plan.problem.names[x] for x in own]
            logs = logs + spread(dims, table.dense().log()[None], scope, network)[0]
        top = logs.max(axis=-1, keepdims=True)
        measure = np.exp(logs - np.where(np.isneginf(top), 0.0, top))
        steps.append(spread(scope, optimiser(values, measure, operator.kappa, operator.weight), names, network))
    return np.concatenate(steps)


def valued_in_clusters(network: ModelNetwork, valued: Valued, base: str, times: range) -> FloatArray:
    """The values in the clusters of an action at times whose clusters are alike, axes t and `cluster_scope`."""
    plan = valued.plan

    def scope(k: int) -> Scope:
        return tuple([plan.problem.index[name] for name in cluster_scope(plan, f"{base}_{times[k]}")])

    shape = tuple([plan.problem.cardinalities[x] for x in scope(0)])
    return valued.over(_clusters(plan, base, times), scope, shape)


def cluster_scope(plan: Plan, name: str) -> list[str]:
    """The variables in the cluster that eliminates one, that one last."""
    i = plan.tree.position[plan.problem.index[name]]
    names = [plan.problem.names[v] for v in plan.tree.scopes[i]]
    return [*(other for other in names if other != name), name]


def unseen_in_cluster(network: ModelNetwork, plan: Plan, base: str, t: int) -> str | None:
    """A variable in the cluster of an action that it does not see; None if there is none."""
    seen = {*network.information(base, t), f"{base}_{t}"}
    return next((name for name in cluster_scope(plan, f"{base}_{t}") if name not in seen), None)


def unseen(network: ModelNetwork, plan: Plan) -> tuple[str, str] | None:
    """An action, and a variable that its value depends on without being seen; None if there is none."""
    for times in plan.alike(range(network.horizon), numbers=False):
        for base in network.model.actions:
            name = f"{base}_{times[0]}"
            found = None if name in network.evidence else unseen_in_cluster(network, plan, base, times[0])
            if found is not None:
                return name, found
    return None


def spread(dims: Sequence[str], values: FloatArray, names: Sequence[str], network: ModelNetwork) -> FloatArray:
    """Arrays over some variables as arrays over all of ``names``, in their order; the first axis counts the arrays."""
    order = [name for name in names if name in dims]
    array = values.transpose([0, *(1 + list(dims).index(name) for name in order)])
    array = array[(slice(None), *(slice(None) if name in dims else None for name in names))]
    return np.broadcast_to(array, [len(values), *(len(network.states(name)) for name in names)])


def _clusters(plan: Plan, base: str, times: range) -> range:
    """The clusters of an action at times that are alike."""
    first, last = (plan.tree.position[plan.problem.index[f"{base}_{t}"]] for t in (times[0], times[-1]))
    step = (last - first) // (len(times) - 1) if len(times) > 1 else 1
    return range(first, last + (1 if step > 0 else -1), step)


def _observed(network: ModelNetwork, name: str, base: str, t: int) -> FloatArray:
    """The policy of an action that was observed."""
    variable = network.variable(name)
    point = np.zeros((1, variable.cardinality))
    point[0, variable.index(network.evidence[name])] = 1.0
    return spread([name], point, [*network.information(base, t), name], network)


def _asked(network: ModelNetwork, posterior: TreePosterior, name: str, base: str, t: int) -> FloatArray:
    """p(u_t | what u sees, O=1), of all evidence."""
    seen = network.information(base, t)
    given = [other for other in seen if other not in network.evidence]
    table = posterior.conditional(name, given=given, undefined="nan")
    return spread(table.scope, table.array()[None], [*seen, name], network)
