"""Which options of `solve_infinite` go together, and whether the values that they ask for are finite."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.control.arguments import choice
from control_pgm.control.infinite.backups import Backup, CertaintyEquivalent
from control_pgm.control.infinite.growth import growing_class
from control_pgm.control.infinite.process import outcome_weights
from control_pgm.control.mdp import MDP
from control_pgm.control.solve_options import check_risk
from control_pgm.errors import InvalidArgument

INFERENCES = {
    "variational": "variational",
    "maxent": "variational",
    "bellman": "bellman",
    "optimal": "bellman",
    "posterior": "posterior",
    "planning": "planning",
}  # every accepted name -> the type of inference
SOFT = ("variational", "posterior")  # the types of inference with a temperature
METHODS = {"value-iteration": 100_000, "policy-iteration": 1_000}  # name -> iterations unless told otherwise
_LOOKS = 200  # products that may be spent on telling at once that evidence is infinite


def checked_inference(
    inference: str, temperature: float | None, action_prior: ArrayLike | str | None, risk: float | None
) -> str:
    """The type of inference of a name; options that it does not have are refused."""
    remedy = "the most probable trajectory and open-loop plans need a horizon: solve(mdp, horizon, inference=…)"
    kind = INFERENCES[choice(inference, INFERENCES, "inference", remedy=remedy)]
    given = {"temperature": temperature, "action_prior": action_prior} if kind not in SOFT else {}
    given |= {"risk": risk} if kind != "planning" else {}
    for name, value in given.items():
        if value is not None:
            raise InvalidArgument(f"{name} with inference={inference!r}", remedy=f"leave {name} out: it has none")
    if kind == "planning":
        check_risk(risk)
    return kind


def check_discount(mdp: MDP, kind: str, method: str, risk: float | None) -> None:
    """Refuse discounts under which a type of inference, or a method, has no answer."""
    if kind in ("posterior", "planning") and mdp.discount == 1.0:
        average = "; solve_average(mdp) gives the posterior of endless processes" if kind == "posterior" else ""
        raise InvalidArgument(
            f"discount 1 with inference={kind!r}: the evidence of endless optimality has no limit",
            allowed="a discount below 1",
            remedy="inference='variational' and 'bellman' take it where episodes surely end" + average,
        )
    if method == "policy-iteration" and mdp.discount == 1.0:
        raise InvalidArgument(
            "method='policy-iteration' with discount 1: policies that never end have no values",
            remedy="take method='value-iteration'",
        )
    if method == "policy-iteration" and risk is not None and risk < 0:
        raise InvalidArgument(
            f"method='policy-iteration' with risk {risk:g}: Newton's method may not converge where risk is avoided",
            remedy="take method='value-iteration'",
        )


def check_evidence(mdp: MDP, backup: Backup) -> None:
    """Refuse rewards that outweigh the discount: beta = M (gamma beta + 1 − gamma) needs gamma rho(M) < 1."""
    _, first = backup.sweep(backup.start)
    if mdp.discount == 0.0 or backup.modulus(first) < 1.0:
        return
    assert isinstance(backup.states, CertaintyEquivalent)
    with np.errstate(divide="ignore"):
        steps = outcome_weights(mdp, backup.states.weight).scaled(np.log(backup.measure).ravel()).merged(mdp.n_actions)
    grown = growing_class(steps.scaled(np.full(mdp.n_states, np.log(mdp.discount))), max_iterations=_LOOKS)
    if grown is not None:
        raise InvalidArgument(
            f"E exp(return/temperature) is infinite: going on around s={mdp.states[int(grown[0])]!r} multiplies it "
            f"faster than discount {mdp.discount:g} ends it",
            allowed="rewards that the discount outweighs",
            remedy="lower the discount or the rewards, or raise the temperature; inference='variational' and 'bellman' "
            "have finite values; the policy of long horizons is then that of the process without discount: "
            "solve_average gives it",
        )
