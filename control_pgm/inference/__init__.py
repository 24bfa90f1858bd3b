"""Inference on any discrete model: plans, messages, posteriors, brute force."""

from control_pgm.inference.infer import infer
from control_pgm.inference.loopy import LoopyPosterior
from control_pgm.inference.loopy_mode import ModeEstimate
from control_pgm.inference.loopy_options import LoopyOptions
from control_pgm.inference.loopy_report import LoopyReport
from control_pgm.inference.many import TreeBatch, infer_many
from control_pgm.inference.marginal_map import MarginalMap, marginal_map
from control_pgm.inference.marginals import Marginals
from control_pgm.inference.mode import Mode
from control_pgm.inference.plan import Plan, plan
from control_pgm.inference.posterior import Posterior
from control_pgm.inference.posterior_sampling import Samples
from control_pgm.inference.query import query
from control_pgm.inference.trace import Step, trace
from control_pgm.inference.tree_records import Cluster, Message

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
    "marginal_map",
    "plan",
    "query",
    "trace",
]
