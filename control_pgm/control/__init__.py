"""Control as inference: decision processes, their unrolled networks, their solutions."""

from control_pgm.control.analysis.evaluation import Evaluation, evaluate
from control_pgm.control.analysis.optimism import OptimismReport, optimism_report
from control_pgm.control.analysis.variational_bound import Bound, variational_bound
from control_pgm.control.decisions.influence_diagram import InfluenceDiagram
from control_pgm.control.decisions.solving import DecisionSolution, solve_influence_diagram
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.network.unroll import unroll
from control_pgm.control.policies.policy_iteration import PolicyIteration, soft_policy_iteration
from control_pgm.control.policies.simulation import Trajectories, simulate
from control_pgm.control.solutions.solution import Solution
from control_pgm.control.solutions_of_many import Solutions
from control_pgm.control.solve import optimal_policy, solve
from control_pgm.control.solve_many import solve_many

__all__ = [
    "MDP",
    "Bound",
    "ControlNetwork",
    "DecisionSolution",
    "Evaluation",
    "InfluenceDiagram",
    "OptimismReport",
    "PolicyIteration",
    "Solution",
    "Solutions",
    "Trajectories",
    "evaluate",
    "optimal_policy",
    "optimism_report",
    "simulate",
    "soft_policy_iteration",
    "solve",
    "solve_influence_diagram",
    "solve_many",
    "unroll",
    "variational_bound",
]
