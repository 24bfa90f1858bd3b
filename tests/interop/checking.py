"""What several tests of the cross-check share."""

from control_pgm import MDP, unroll

BOTH = ("pgmpy", "enumeration")
TOLERANCE = 1e-12
CONDITIONAL, JOINT = "p(a_t | s_t, O=1)", "p(s_t, a_t | O=1)"


def network_of(item):
    """The network of an instance."""
    return unroll(item.mdp, item.horizon, **item.options)


def by_kind(report):
    """(reference, query) -> check."""
    return {(check.reference, check.query): check for check in report.checks}


def chain(horizon=2, temperature=1.0, reward=((0.0, 0.3), (1.0, -0.2)), **more):
    """Two states, both actions move: everything is reachable."""
    p = [[[0.9, 0.1], [0.2, 0.8]], [[0.5, 0.5], [0.3, 0.7]]]
    return unroll(MDP(p, reward, **more), horizon, temperature=temperature)
