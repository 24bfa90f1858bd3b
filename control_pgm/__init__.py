"""Control as inference: decision processes as explicit graphical models, solved by message passing."""

from control_pgm._version import __version__
from control_pgm.inference import Plan, Posterior, infer, plan
from control_pgm.models import BayesianNetwork, CPD, DynamicBayesianNetwork, FactorGraph, TwoSliceTemplate
from control_pgm.tables import Factor, LabelledArray, Variable
