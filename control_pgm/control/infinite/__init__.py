"""Control without a last step: discounted and average-reward processes."""

from typing import TYPE_CHECKING

from control_pgm.lazy import lazily

if TYPE_CHECKING:
    from control_pgm.control.infinite.average import AverageSolution, solve_average
    from control_pgm.control.infinite.discounted import solve_infinite
    from control_pgm.control.infinite.stationary import StationarySolution

__all__ = ["AverageSolution", "StationarySolution", "solve_average", "solve_infinite"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazily(__name__, __all__, ["stationary", "discounted", "average"])
