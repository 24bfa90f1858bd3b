"""Control as inference: decision processes, their unrolled networks, their solutions."""

from control_pgm.control.analysis.evaluation import Evaluation, evaluate
from control_pgm.control.analysis.optimism import OptimismReport, optimism_report
from control_pgm.control.analysis.variational_bound import Bound, variational_bound
from control_pgm.control.best_policy import optimal_policy
from control_pgm.control.control_model.model import ControlModel
from control_pgm.control.control_model.network import ModelNetwork
from control_pgm.control.control_model.rewards import Reward, constraint
from control_pgm.control.control_model.solution import ModelSolution
from control_pgm.control.decisions.influence_diagram import InfluenceDiagram
from control_pgm.control.decisions.solving import DecisionSolution, solve_influence_diagram
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.policies.policy_iteration import PolicyIteration, soft_policy_iteration
from control_pgm.control.policies.simulation import Trajectories, simulate
from control_pgm.control.solutions.solution import Solution
from control_pgm.control.solutions_of_many import Solutions
from control_pgm.control.solve import solve
from control_pgm.control.solve_many import solve_many
from control_pgm.control.unroll import unroll

__all__ = [
    "Bound",
    "ControlModel",
    "ControlNetwork",
    "DecisionSolution",
    "Evaluation",
    "InfluenceDiagram",
    "MDP",
    "ModelNetwork",
    "ModelSolution",
    "OptimismReport",
    "PolicyIteration",
    "Reward",
    "Solution",
    "Solutions",
    "Trajectories",
    "constraint",
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
