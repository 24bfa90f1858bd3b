"""Jeffrey's rule: marginals that new information fixes, by the likelihoods that achieve them (Jeffrey 1965)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from control_pgm.errors import ImpossibleEvidence, InvalidArgument
from control_pgm.inference.infer import infer
from control_pgm.inference.posterior import Posterior
from control_pgm.inference.problem import AnyModel, Evidence, check_model, conditioned, unknown_variable
from control_pgm.inference.tree.plan import DEFAULT_MEMORY_LIMIT
from control_pgm.keywords import keywords
from control_pgm.models.virtual_evidence import numbers_of_states
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.factor import Factor
from control_pgm.tables.probabilities import first_miss
from control_pgm.tables.variable import Variable

_TOLERANCE = 1e-12  # of each probability
_STALLED, _AFTER = 0.99, 100  # sweeps that come no nearer: misses above this share of those so many sweeps before


@keywords
def jeffrey(
    model: AnyModel,
    marginals: Mapping[str, Mapping[Any, float]],
    evidence: Evidence | None = None,
    *,
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
    max_sweeps: int = 1000,
) -> AnyModel:
    """The model after new information by which variables have exactly these marginals, given the evidence.

    Jeffrey's rule keeps what the variable says of all others: q(y) = Σ_x p(y | x, e) q(x). The likelihoods L(x) =
    q(x) / p(x | e) achieve it (Pearl 1988, chapter 2; Chan and Darwiche 2005). Likelihoods as evidence, in contrast,
    are combined with what the model says of the variable already, see `infer`.

    Parameters
    ----------
    model : BayesianNetwork or FactorGraph
    marginals : mapping
        Variable name -> {label: probability}, with one for each state.
    evidence : mapping, optional
        What else is known, as for `infer`: the marginals hold given it, and it is to be given again.
    memory_limit : int
        Bytes that inference may take.
    max_sweeps : int
        For several variables: after how many sweeps iterative proportional fitting is given up.

    Returns
    -------
    BayesianNetwork or FactorGraph
        The model with one factor more for each of these variables: ``infer(jeffrey(model, marginals, e), e)`` has the
        marginals, within 1e-12, and the same ``log_evidence`` as before.

    Raises
    ------
    InvalidArgument
        If probabilities are negative or no numbers, do not sum to one or leave a state out; or if the marginals of
        several variables are not reached, as where no distribution that is possible in the model has all of them.
    ImpossibleEvidence
        If the evidence has probability zero, or a state that it leaves probability zero is to have more.
    UnknownName
        On a variable or a label that does not exist.

    Notes
    -----
    For one variable the answer is exact in closed form. For several the likelihoods are found by iterative proportional
    fitting (Deming and Stephan 1940): each variable in turn is given its marginal, until all have theirs. The limit is
    the distribution with these marginals that is nearest to p(· | e) in KL(q‖p) (Csiszár 1975). Applied one after the
    other, in contrast, the later of two calls changes the marginal of the earlier one.

    Examples
    --------
    Seen by candlelight, a cloth is green with probability 0.7, whatever was thought before:

    >>> from control_pgm import BayesianNetwork, CPD
    >>> cloth, sold = Variable("cloth", ["green", "blue"]), Variable("sold", ["no", "yes"])
    >>> net = BayesianNetwork([CPD(cloth, [], [0.3, 0.7]), CPD(sold, [cloth], [[0.6, 0.4], [0.2, 0.8]])])
    >>> after = infer(jeffrey(net, {"cloth": {"green": 0.7, "blue": 0.3}}))
    >>> after.marginal("cloth").array().round(12).tolist(), after.marginal("sold").array().round(3).tolist()
    ([0.7, 0.3], [0.48, 0.52])
    """
    check_model(model)
    wanted = _wanted(model, marginals)
    conditioned(model, evidence)  # refuses likelihoods that are none before anything is computed
    if isinstance(max_sweeps, bool) or not isinstance(max_sweeps, int) or max_sweeps < 1:
        raise InvalidArgument(f"max_sweeps {max_sweeps!r}", allowed="an integer ≥ 1")
    logs = {variable: np.zeros(variable.cardinality) for variable in wanted}
    posterior: Posterior = infer(model, evidence, memory_limit=memory_limit)
    misses: list[float] = []
    fitted = model
    for _ in range(max_sweeps):
        for variable, p in wanted.items():
            logs[variable] = logs[variable] + _log_ratio(posterior, variable, p)
            fitted = cast(AnyModel, model.extend(*(Factor([v], weights, log=True) for v, weights in logs.items())))
            posterior = infer(fitted, evidence, memory_limit=memory_limit)
        off = {variable: _miss(posterior, variable, p) for variable, p in wanted.items()}
        misses.append(max(off.values()))
        if misses[-1] <= _TOLERANCE:
            return fitted
        if len(misses) > _AFTER and misses[-1] > _STALLED * misses[-1 - _AFTER]:
            break
    worst = max(wanted, key=off.__getitem__)
    raise InvalidArgument(
        f"the marginals of {', '.join(repr(v.name) for v in wanted)} are not reached after {len(misses)} sweeps of "
        f"proportional fitting: that of {worst.name!r} is off by {off[worst]:.2g}",
        allowed="marginals that a distribution has which is possible in the model",
        remedy="raise max_sweeps" if len(misses) == max_sweeps else "",
    )


def _wanted(model: AnyModel, marginals: object) -> dict[Variable, FloatArray]:
    """The marginals as distributions over the states of the variables."""
    if not isinstance(marginals, Mapping) or not marginals:
        raise InvalidArgument(f"marginals {marginals!r}", allowed="{variable name: {label: probability}}, at least one")
    found = {}
    for name, given in marginals.items():
        if name not in model.variables:
            raise unknown_variable(model, name, given)
        variable = model.variables[name]
        if not isinstance(given, Mapping):
            raise InvalidArgument(
                f"the marginal of {name!r} is {given!r}",
                allowed="{label: probability} with one for each state",
                remedy=f"a state that is certain is evidence: infer(model, {{{name!r}: label}})",
            )
        p = np.array(numbers_of_states(variable, given, "probability"))
        if miss := first_miss(p.sum(keepdims=True), given, int((p > 0.0).sum())):
            raise InvalidArgument(
                f"the probabilities of {name!r} sum to {miss.total:.12g}",
                allowed=miss.allowed,
                remedy=miss.remedy("likelihoods, whose sum is any number, are evidence: infer(model, …)"),
            )
        found[variable] = p / p.sum()
    return found


def _log_ratio(posterior: Posterior, variable: Variable, p: FloatArray) -> FloatArray:
    """log q(x) / p(x | e), −inf where q(x) is 0."""
    now = posterior.marginal(variable.name).log_array()
    lost = (p > 0.0) & np.isneginf(now)
    if lost.any():
        k = int(np.argmax(lost))
        raise ImpossibleEvidence(
            f"{variable.name}={variable.states[k]} is to have the probability {p[k]:g}, and cannot have any",
            allowed="0 for states that the model, the evidence and the other marginals leave probability zero",
            time=variable.time,
            variable=variable.name,
        )
    with np.errstate(divide="ignore"):
        return np.where(p > 0.0, np.log(p) - np.where(np.isneginf(now), 0.0, now), -np.inf)


def _miss(posterior: Posterior, variable: Variable, p: FloatArray) -> float:
    """The largest distance of a marginal from the one that is wanted."""
    return float(np.abs(posterior.marginal(variable.name).array() - p).max())
