"""A small process in a few forms, and one set of options for each type of inference."""

import numpy as np

from control_pgm import MDP
from control_pgm.control.linearly_solvable import LinearlySolvable
from tests.control.test_mdp_errors import NAMES, P, R

MDP2 = MDP(P, R, **NAMES)
ENDING = MDP(P, R, discount=0.5, **NAMES)
WALK = LinearlySolvable([[0.5, 0.5], [0, 1]], [-1.0, 0])
STEPS = np.full((3, 2, 2), 0.5)
KINDS = [
    {"inference": "posterior"},
    {"inference": "variational"},
    {"inference": "planning", "risk": -0.3},
    {"inference": "bellman"},
    {"inference": "map"},
    {"inference": "marginal-map"},
]
