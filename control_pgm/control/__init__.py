"""Control as inference: decision processes, their unrolled networks, their solutions."""

from control_pgm.control.bound import Bound, variational_bound
from control_pgm.control.evaluation import Evaluation, evaluate
from control_pgm.control.infinite import passive_process
from control_pgm.control.many import solve_many
from control_pgm.control.mdp import MDP
from control_pgm.control.network import ControlNetwork, unroll
from control_pgm.control.optimism import OptimismReport, optimism_report
from control_pgm.control.policy_iteration import PolicyIteration, soft_policy_iteration
from control_pgm.control.simulation import Trajectories, simulate
from control_pgm.control.solution import Solution
from control_pgm.control.solutions import Solutions
from control_pgm.control.solve import optimal_policy, solve

__all__ = [
    "MDP",
    "Bound",
    "ControlNetwork",
    "Evaluation",
    "OptimismReport",
    "PolicyIteration",
    "Solution",
    "Solutions",
    "Trajectories",
    "evaluate",
    "optimal_policy",
    "optimism_report",
    "passive_process",
    "simulate",
    "soft_policy_iteration",
    "solve",
    "solve_many",
    "unroll",
    "variational_bound",
]
