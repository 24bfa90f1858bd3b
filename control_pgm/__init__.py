"""Control as inference: decision processes as explicit graphical models, solved by message passing."""

from control_pgm import errors
from control_pgm._version import __version__
from control_pgm.control import (
    MDP,
    ControlNetwork,
    Evaluation,
    Solution,
    Trajectories,
    evaluate,
    optimal_policy,
    simulate,
    solve,
    unroll,
)
from control_pgm.inference import Plan, Posterior, infer, plan, query
from control_pgm.interop import Report, crosscheck, to_pgmpy
from control_pgm.models import (
    CPD,
    BayesianNetwork,
    DynamicBayesianNetwork,
    FactorGraph,
    TwoSliceTemplate,
    d_separated,
    prune,
)
from control_pgm.problems import gridworld
from control_pgm.tables import Factor, LabelledArray, Variable
from control_pgm.viz import plot_factor_graph, plot_network, plot_policy, plot_values, save_picture

__all__ = [
    "BayesianNetwork",
    "CPD",
    "ControlNetwork",
    "DynamicBayesianNetwork",
    "Evaluation",
    "Factor",
    "FactorGraph",
    "LabelledArray",
    "MDP",
    "Plan",
    "Posterior",
    "Report",
    "Solution",
    "Trajectories",
    "TwoSliceTemplate",
    "Variable",
    "__version__",
    "crosscheck",
    "d_separated",
    "errors",
    "evaluate",
    "gridworld",
    "infer",
    "optimal_policy",
    "plan",
    "plot_factor_graph",
    "plot_network",
    "plot_policy",
    "plot_values",
    "prune",
    "query",
    "save_picture",
    "simulate",
    "solve",
    "to_pgmpy",
    "unroll",
]
