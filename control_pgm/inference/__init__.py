"""Inference on any discrete model: plans, messages, posteriors, brute force."""

from control_pgm.inference.exact import Cluster, Message
from control_pgm.inference.infer import infer
from control_pgm.inference.plan import Plan, plan
from control_pgm.inference.posterior import Posterior
from control_pgm.inference.query import query

__all__ = ["Cluster", "Message", "Plan", "Posterior", "infer", "plan", "query"]
