"""The entry point of inference: a model, evidence, a method; a posterior that can be asked anything."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import fields, replace
from math import inf
from typing import Any, Literal, overload

from control_pgm.errors import InvalidArgument, no_choice, unknown
from control_pgm.inference.enumeration import EnumeratedPosterior
from control_pgm.inference.exact import TreePosterior
from control_pgm.inference.impossible import impossible
from control_pgm.inference.loopy.options import LoopyOptions
from control_pgm.inference.loopy.posterior import LoopyPosterior
from control_pgm.inference.posterior import Posterior
from control_pgm.inference.problem import Evidence, check_evidence, check_model
from control_pgm.inference.tree.plan import DEFAULT_MEMORY_LIMIT, check_memory_limit, plan
from control_pgm.inference.tree.storage import Keep
from control_pgm.keywords import unknown_keyword
from control_pgm.models.every_slice import EverySlice
from control_pgm.models.factor_graph import Model
from control_pgm.progress import Progress, check_progress

_METHODS = ("exact", "enumeration", "loopy")
_ARGUMENTS = ("model", "evidence", "method", "memory_limit", "keep", "options", "progress")
_SETTINGS = tuple(field.name for field in fields(LoopyOptions))


@overload
def infer(
    model: Model,
    evidence: Evidence | None = None,
    *,
    method: Literal["exact"] = "exact",
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
    keep: Keep = "memory",
    progress: Progress | None = None,
) -> TreePosterior: ...
@overload
def infer(
    model: Model,
    evidence: Evidence | None = None,
    *,
    method: Literal["enumeration"],
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
    progress: Progress | None = None,
) -> EnumeratedPosterior: ...
@overload
def infer(
    model: Model,
    evidence: Evidence | None = None,
    *,
    method: Literal["loopy"],
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
    options: LoopyOptions | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> LoopyPosterior: ...
def infer(
    model: Model,
    evidence: Evidence | None = None,
    *,
    method: Literal["exact", "enumeration", "loopy"] = "exact",
    memory_limit: int = DEFAULT_MEMORY_LIMIT,
    keep: Keep = "memory",
    options: LoopyOptions | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Posterior:
    """Condition a model on evidence.

    Parameters
    ----------
    model : BayesianNetwork or FactorGraph
    evidence : mapping, optional
        Variable name -> state label; or, where an observation is uncertain, -> {label: likelihood} with a number ≥ 0
        for each state. Likelihoods are p(observation | state) up to a constant (virtual evidence, Pearl 1988): a factor
        that multiplies in, so that other evidence about the variable still counts. `jeffrey` fixes a marginal instead.
    method : {"exact", "enumeration", "loopy"}
        Messages on a bucket tree; brute force, for checking; or loopy belief propagation on the Bethe graph of the
        model's tables, which is approximate unless that graph is a tree.
    memory_limit : int
        Bytes; what needs more is refused before anything is allocated.
    keep : "memory", "checkpoints", or the Path of a folder
        Where exact inference keeps the messages of long networks whose slices are alike. "checkpoints" keeps about the
        square root of them and computes the others again when they are read; a folder holds them in unnamed files.
    options : LoopyOptions, optional
        For ``method="loopy"`` only.
    progress : callable, optional
        Called with (done, total, what) while messages are sent, also while later queries send the messages that they
        need; first with done = 0, last with done = total, at most ten times a second or once for each hundredth of the
        work. What it raises stops the work. Of loopy belief propagation the total number of sweeps is an estimate until
        the last call.
    **settings
        The same one by one: schedule, elimination, damping, damping_domain, tolerance, max_sweeps. Beside ``options``
        they set what these leave at its default.

    Raises
    ------
    ImpossibleEvidence
        If the evidence has probability zero; names the first slice at which nothing is possible any more.
    UnknownName
        On a variable or a label that does not exist.
    InvalidArgument
        If likelihoods are no numbers ≥ 0, one for each state and not all zero.
    TooLarge
        If the plan, or what stands in its place, does not fit.

    Warns
    -----
    NotConverged
        If loopy belief propagation stops before its messages have settled.

    Examples
    --------
    >>> import math
    >>> from control_pgm import BayesianNetwork, CPD, Variable
    >>> rain, wet = Variable("rain", ["no", "yes"]), Variable("wet", ["no", "yes"])
    >>> net = BayesianNetwork([CPD(rain, [], [0.7, 0.3]), CPD(wet, [rain], [[0.9, 0.1], [0.2, 0.8]])])
    >>> posterior = infer(net, {"wet": "yes"})
    >>> round(posterior.marginal("rain").value({"rain": "yes"}), 6)
    0.774194

    A report that is four times as probable where the grass is wet; the weighted sum of p is 0.69 · 0.2 + 0.31 · 0.8:

    >>> posterior = infer(net, {"wet": {"no": 0.2, "yes": 0.8}})
    >>> posterior.marginal("rain").array().round(4).tolist()
    [0.4715, 0.5285]
    >>> round(math.exp(posterior.log_evidence), 6)
    0.386
    """
    check_model(model)
    check_evidence(evidence)
    observed = evidence if isinstance(evidence, EverySlice) else dict(evidence or {})  # ours, whoever changes theirs
    check_memory_limit(memory_limit)
    check_progress(progress)
    if keep != "memory" and method != "exact":
        raise InvalidArgument(
            f"keep={keep!r} with method={method!r}", remedy="leave it out: only method='exact' keeps messages elsewhere"
        )
    if method == "loopy":
        return _loopy(model, observed, memory_limit, _loopy_options(options, settings), progress)
    foreign = [name for name in settings if name not in _SETTINGS]
    if foreign:
        raise unknown_keyword("infer", foreign[0], [*_ARGUMENTS, *(f"{name} (loopy)" for name in _SETTINGS)])
    if settings or options is not None:
        raise InvalidArgument(
            f"{next(iter(settings), 'options')} with method={method!r}",
            remedy="leave it out: it belongs to method='loopy'",
        )
    posterior: Posterior
    if method == "exact":
        order = plan(model, observed, memory_limit=memory_limit, keep=keep)
        posterior = TreePosterior(model, observed, order, memory_limit, progress, keep)
    elif method == "enumeration":
        posterior = EnumeratedPosterior(model, observed, memory_limit, progress)
    else:
        raise no_choice("method", method, _METHODS)
    if posterior.log_evidence == -inf:
        raise impossible(model, observed, memory_limit)
    return posterior


def _loopy(
    model: Model, observed: Evidence, memory_limit: int, options: LoopyOptions, progress: Progress | None
) -> LoopyPosterior:
    posterior = LoopyPosterior(model, observed, options, memory_limit, progress)
    if not posterior.report.converged:
        warnings.warn(posterior.report.warning(), stacklevel=3)  # names the line that called infer
    return posterior


def _loopy_options(options: LoopyOptions | None, settings: Mapping[str, Any]) -> LoopyOptions:
    """The options with the settings put in; what both of them set is refused."""
    if options is None:
        options = LoopyOptions()
    if not isinstance(options, LoopyOptions):
        raise InvalidArgument(f"options={options!r}", allowed="LoopyOptions(…), or its settings as keywords")
    defaults = {field.name: field.default for field in fields(LoopyOptions)}
    for name, value in settings.items():
        if name not in defaults:
            raise unknown(name, sorted(defaults), what="setting of method='loopy':")
        if getattr(options, name) != defaults[name]:
            raise InvalidArgument(
                f"{name}={value!r} beside options with {name}={getattr(options, name)!r}",
                remedy="leave one of them out",
            )
    return replace(options, **settings)
