"""Options of `solve_infinite`: their combinations, and whether the values that they define are finite."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.control.arguments import choice
from control_pgm.control.infinite.backups import Backup, RiskSensitiveBackup
from control_pgm.control.infinite.growth.growth import growing_class
from control_pgm.control.infinite.growth.log_matrix import LogMatrix
from control_pgm.control.infinite.process import outcome_weights
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.solve_options import check_risk
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import BoolArray, FloatArray

INFINITE_INFERENCES = {
    "variational": "variational",
    "maxent": "variational",
    "bellman": "bellman",
    "optimal": "bellman",
    "posterior": "posterior",
    "planning": "planning",
}  # every accepted name -> the type of inference
SOFT = ("variational", "posterior")  # the types of inference with a temperature
METHODS = {"value-iteration": 100_000, "policy-iteration": 1_000}  # name -> default number of iterations
_SURE = 1e-9  # nats by which a sweep must multiply, far above what it rounds
_LOOKS = 200  # products that may be spent on telling at once that evidence is infinite


def checked_infinite_inference(
    inference: str, temperature: float | None, action_prior: ArrayLike | str | None, risk: float | None
) -> str:
    """The type of inference of a name; options that it does not have are refused."""
    remedy = "the most probable trajectory and open-loop plans need a horizon: solve(mdp, horizon, inference=…)"
    kind = INFINITE_INFERENCES[choice(inference, INFINITE_INFERENCES, "inference", remedy=remedy)]
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
    assert isinstance(backup.states, RiskSensitiveBackup)
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


def check_utility(mdp: MDP, backup: Backup) -> None:
    """Refuse a risk under which rewards outweigh the discount: b = e^{V/w} solves b = opt_a M_a (gamma b + 1 − gamma).

    The optimum is the maximum for w > 0, and the minimum where risk is avoided. Any b > 0 on some states with
    b ≤ gamma opt_a M_a b there proves that no solution is finite, since each sweep adds a multiple of b (Collatz 1942).
    It is looked for among the powers of the mean of that map and the identity, which has no periods.
    """
    _, first = backup.sweep(backup.start)
    if mdp.discount == 0.0 or backup.modulus(first) < 1.0:
        return
    assert isinstance(backup.states, RiskSensitiveBackup)
    weight, taken = backup.states.weight, backup.measure > 0
    best, none = (np.max, -np.inf) if weight > 0 else (np.min, np.inf)
    matrix = backup.states.transition
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    forbidden = np.asarray(backup.states.reward) == -np.inf
    doomed: BoolArray = np.zeros(mdp.n_states, dtype=bool)
    if weight < 0:  # what may be forbidden is worth −inf by right, and so is what cannot avoid it
        grows = True
        while grows:
            bad = np.bincount(rows, weights=forbidden | doomed[matrix.indices], minlength=taken.size) > 0
            taken = taken & ~bad.reshape(taken.shape)
            grows, doomed = bool((doomed == taken.any(axis=1)).any()), np.asarray(~taken.any(axis=1))
    logs = np.full(len(rows), -np.inf)
    np.divide(backup.states.reward, weight, out=logs, where=~forbidden)
    logs += np.log(matrix.data)
    steps = LogMatrix.of(rows, matrix.indices.astype(np.int64), logs, matrix.shape)

    def onward(x: FloatArray) -> FloatArray:
        reached = best(np.where(taken, steps.times(x).reshape(taken.shape), none), axis=1)
        return np.asarray(reached + np.log(mdp.discount))

    inside = ~doomed
    x = np.where(inside, 0.0, -np.inf)
    for _ in range(_LOOKS if inside.any() else 0):
        x = np.where(inside, np.logaddexp(onward(x), x), -np.inf)
        x -= x.max()
    while inside.any():
        x = np.where(inside, x, -np.inf)
        left = inside & (onward(x) > x + _SURE)
        if (left == inside).all():
            always = ", whatever is done" if weight < 0 else ""
            raise InvalidArgument(
                f"E exp(risk · return) is infinite: going on around s={mdp.states[int(np.argmax(inside))]!r} "
                f"multiplies it faster than discount {mdp.discount:g} ends it{always}",
                allowed="rewards that the discount outweighs",
                remedy="lower the discount or the rewards, or take a risk closer to 0; inference='bellman' is the "
                "limit of risk 0, and has finite values",
            )
        inside = left
