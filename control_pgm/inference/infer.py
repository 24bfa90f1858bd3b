"""The entry point of inference: a model, evidence, a method; a posterior that can be asked anything."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from math import inf
from typing import Literal, overload

from control_pgm.errors import InvalidArgument
from control_pgm.inference.enumeration import EnumeratedPosterior
from control_pgm.inference.exact import TreePosterior
from control_pgm.inference.impossible import impossible
from control_pgm.inference.plan import DEFAULT_MEMORY_LIMIT, plan
from control_pgm.inference.posterior import Posterior
from control_pgm.inference.problem import check_model
from control_pgm.models.factorgraph import Model
from control_pgm.models.template import EverySlice


@overload
def infer(
    model: Model,
    evidence: Mapping[str, Hashable] | None = None,
    *,
    method: Literal["exact"] = "exact",
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
) -> TreePosterior: ...
@overload
def infer(
    model: Model,
    evidence: Mapping[str, Hashable] | None = None,
    *,
    method: Literal["enumeration"],
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
) -> EnumeratedPosterior: ...
def infer(
    model: Model,
    evidence: Mapping[str, Hashable] | None = None,
    *,
    method: Literal["exact", "enumeration"] = "exact",
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
) -> Posterior:
    """Condition a model on evidence.

    Parameters
    ----------
    model : BayesianNetwork or FactorGraph
    evidence : mapping, optional
        Variable name -> state label. Soft evidence is a factor: ``model.extend(Factor(…))``.
    method : {"exact", "enumeration"}
        Messages on a bucket tree, or brute force for checking.
    memory_limit : int
        Bytes; a plan that needs more is refused before anything is allocated.

    Raises
    ------
    ImpossibleEvidence
        If the evidence has probability zero; names the first slice at which nothing is possible any more.
    UnknownName
        On a variable or a label that does not exist.
    TooLarge
        If the plan does not fit.

    Examples
    --------
    >>> from control_pgm import BayesianNetwork, CPD, Variable
    >>> rain, wet = Variable("rain", ["no", "yes"]), Variable("wet", ["no", "yes"])
    >>> net = BayesianNetwork([CPD(rain, [], [0.7, 0.3]), CPD(wet, [rain], [[0.9, 0.1], [0.2, 0.8]])])
    >>> posterior = infer(net, {"wet": "yes"})
    >>> round(posterior.marginal("rain").value({"rain": "yes"}), 6)
    0.774194
    """
    check_model(model)
    if not isinstance(evidence, Mapping | None):
        raise InvalidArgument(f"evidence {evidence!r} is not a mapping", allowed="{variable name: state label}")
    observed = evidence if isinstance(evidence, EverySlice) else dict(evidence or {})  # ours, whoever changes theirs
    posterior: Posterior
    if method == "exact":
        posterior = TreePosterior(model, observed, plan(model, observed, memory_limit=memory_limit), memory_limit)
    elif method == "enumeration":
        posterior = EnumeratedPosterior(model, observed, memory_limit)
    else:
        raise InvalidArgument(f"method {method!r} does not exist", allowed="'exact', 'enumeration'")
    if posterior.log_evidence == -inf:
        raise impossible(model, observed, memory_limit)
    return posterior
