"""Inference on any discrete model: plans, messages, posteriors, brute force."""

from control_pgm.inference.infer import infer
from control_pgm.inference.jeffrey import jeffrey
from control_pgm.inference.loopy.mode import ModeEstimate
from control_pgm.inference.loopy.options import LoopyOptions
from control_pgm.inference.loopy.posterior import LoopyPosterior
from control_pgm.inference.loopy.report import LoopyReport
from control_pgm.inference.map.marginal_map import MarginalMap, marginal_map
from control_pgm.inference.map.mode import Mode
from control_pgm.inference.posterior import Posterior
from control_pgm.inference.query import query
from control_pgm.inference.results import Cluster, Message
from control_pgm.inference.trace import Step, trace
from control_pgm.inference.tree.batch import TreeBatch, infer_many
from control_pgm.inference.tree.marginals import Marginals
from control_pgm.inference.tree.plan import Plan, plan
from control_pgm.inference.tree.sampling import Samples

__all__ = [
    "Cluster",
    "LoopyOptions",
    "LoopyPosterior",
    "LoopyReport",
    "MarginalMap",
    "Marginals",
    "Message",
    "Mode",
    "ModeEstimate",
    "Plan",
    "Posterior",
    "Samples",
    "Step",
    "TreeBatch",
    "infer",
    "infer_many",
    "jeffrey",
    "marginal_map",
    "plan",
    "query",
    "trace",
]
