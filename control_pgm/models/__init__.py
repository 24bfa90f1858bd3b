"""Models over discrete variables: Bayesian networks, templates and their unrolling, factor graphs."""

from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.cpd import CPD
from control_pgm.models.d_separation import barren, d_separated, prune
from control_pgm.models.factor_graph import FactorGraph
from control_pgm.models.forms.cpd_forms import deterministic, noisy_max, noisy_or, uniform
from control_pgm.models.forms.memory import SliceMemory, memory
from control_pgm.models.interventions import do
from control_pgm.models.template import DynamicBayesianNetwork, TwoSliceTemplate

__all__ = [
    "BayesianNetwork",
    "CPD",
    "DynamicBayesianNetwork",
    "FactorGraph",
    "SliceMemory",
    "TwoSliceTemplate",
    "barren",
    "d_separated",
    "memory",
    "deterministic",
    "do",
    "noisy_max",
    "noisy_or",
    "prune",
    "uniform",
]
