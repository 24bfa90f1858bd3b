"""Control as inference: decision processes, their unrolled networks, their solutions."""

from control_pgm.control.evaluation import Evaluation, evaluate
from control_pgm.control.many import Solutions, solve_many
from control_pgm.control.mdp import MDP
from control_pgm.control.network import ControlNetwork, unroll
from control_pgm.control.simulation import Trajectories, simulate
from control_pgm.control.solution import Solution
from control_pgm.control.solve import optimal_policy, solve

__all__ = [
    "MDP",
    "ControlNetwork",
    "Evaluation",
    "Solution",
    "Solutions",
    "Trajectories",
    "evaluate",
    "optimal_policy",
    "simulate",
    "solve",
    "solve_many",
    "unroll",
]
