"""The engine's side of every comparison: the whole solution, and its stages one by one.

The only file here that looks inside the package; everything else speaks to the public names.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cached_property

from control_pgm import ControlNetwork, Plan, Solution, plan, solve, unroll
from control_pgm.control.solutions.posterior import PosteriorSolution
from control_pgm.inference.exact import TreePosterior
from control_pgm.inference.tree.compile import compile_plan
from control_pgm.inference.tree.passes import Pass
from control_pgm.inference.tree.plan import DEFAULT_MEMORY_LIMIT
from control_pgm.inference.tree.sum_product import Collect
from tests.benchmarks.handwritten import Answers
from tests.benchmarks.instances import Instance


def whole(instance: Instance) -> Answers:
    """Build the network, plan, infer, and read all policies, all marginals and the log-evidence."""
    return read(solve(instance.mdp, instance.horizon))


def read(solution: Solution) -> Answers:
    """The answers that the job asks for."""
    return Answers(solution.policy.values, solution.state_action_marginals.values, solution.log_evidence)


def build(instance: Instance) -> ControlNetwork:
    """The unrolled network."""
    return unroll(instance.mdp, instance.horizon)


def planned(network: ControlNetwork) -> Plan:
    """The clusters, without any number."""
    return plan(network, network.optimal, order="reverse topological")


def compiled(network: ControlNetwork) -> object:
    """What is made once per network before messages can be sent: the plan, and the instructions."""
    return compile_plan(planned(network))


def prepared(network: ControlNetwork) -> Callable[[], Answers]:
    """Plan and compile once; the result sends the messages of both passes and reads the answers, each time anew."""
    made = TreePosterior(network, network.optimal, planned(network), DEFAULT_MEMORY_LIMIT)
    return lambda: read(PosteriorSolution(network, "posterior", "mean", _sent_again(made)))


def backward(network: ControlNetwork) -> Callable[[], object]:
    """Plan and compile once; the result sends the messages of the backward pass alone."""
    made = TreePosterior(network, network.optimal, planned(network), DEFAULT_MEMORY_LIMIT)
    return lambda: _sent_again(made)


def _sent_again(made: TreePosterior) -> TreePosterior:
    """The same posterior with its upward messages sent again, and nothing kept that was computed from them."""
    posterior = copy(made)
    for name, attribute in vars(TreePosterior).items():
        if isinstance(attribute, cached_property):
            posterior.__dict__.pop(name, None)
    posterior.collected = Pass(Collect(posterior.compiled)).run()
    return posterior
