"""Partially observable decision processes: beliefs, alpha vectors, bounds, simulation."""

from typing import TYPE_CHECKING

from control_pgm.lazy import lazily

if TYPE_CHECKING:
    from control_pgm.control.partially_observed.pomdp import POMDP, belief_update
    from control_pgm.control.partially_observed.simulation import BeliefTrajectories
    from control_pgm.control.partially_observed.solution import AlphaVectors, BeliefSolution, StationaryBeliefSolution

__all__ = ["POMDP", "AlphaVectors", "BeliefSolution", "BeliefTrajectories", "StationaryBeliefSolution", "belief_update"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazily(__name__, __all__, ["pomdp", "solution", "simulation"])
