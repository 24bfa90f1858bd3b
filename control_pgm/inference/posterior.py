"""Posteriors of one model under one evidence: marginals, conditionals and the evidence, by any method."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property
from typing import Any, Literal

import numpy as np

from control_pgm.display import number
from control_pgm.errors import InvalidArgument, NotAvailable, UndefinedConditional, unknown
from control_pgm.inference.problem import Evidence, certain, state_indices
from control_pgm.inference.tree.marginals import Marginals
from control_pgm.models.factor_graph import Model
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.factor import Factor
from control_pgm.tables.variable import Variable

Undefined = Literal["raise", "nan"]
_OF_SOME_METHODS = ("mode", "sample", "messages", "message", "clusters", "plan")


class Posterior(ABC):
    """p(x | evidence), ready to be asked; made by `infer`.

    Attributes
    ----------
    model : the model as it was given.
    evidence : name -> observed label, or likelihoods by label; as it was given.
    method : "exact", "enumeration" or "loopy".
    exact : bool
        Whether the answers are exact up to rounding.

    Notes
    -----
    Every method answers `marginal`, `conditional` and `log_evidence`. What one of them lacks raises `NotAvailable`,
    which names the method to take instead:

    ============================  =======  =============  =================
    answer                        "exact"  "enumeration"  "loopy"
    ============================  =======  =============  =================
    mode                          yes      yes            max-product only
    sample                        yes      yes            no
    messages                      yes      no             yes
    message, clusters, plan       yes      no             no
    ============================  =======  =============  =================

    Examples
    --------
    >>> from control_pgm import BayesianNetwork, CPD, Variable, infer
    >>> rain, wet = Variable("rain", ["no", "yes"]), Variable("wet", ["no", "yes"])
    >>> net = BayesianNetwork([CPD(rain, [], [0.7, 0.3]), CPD(wet, [rain], [[0.9, 0.1], [0.2, 0.8]])])
    >>> posterior = infer(net, {"wet": "yes"})
    >>> posterior
    TreePosterior(method='exact', 2 variables, 1 observed, log_evidence=-1.171182982)
    >>> print(posterior.marginal("rain"))
    rain   value
    ────  ──────
    no    0.2258
    yes   0.7742
    """

    model: Model
    evidence: Evidence
    method: str
    exact: bool

    @property
    @abstractmethod
    def log_evidence(self) -> float:
        """log p(evidence) in nats; for a factor graph the log of its partition function given the evidence.

        Likelihoods L_i are weights: with them it is log Σ_x p(x, e) ∏ L_i(x_i), which their scale shifts.

        Examples
        --------
        >>> from control_pgm import Factor, FactorGraph, Variable, infer
        >>> graph = FactorGraph([Factor([Variable("x", 2)], [1, 3])])
        >>> round(infer(graph).log_evidence, 6), round(infer(graph, {"x": 1}).log_evidence, 6)
        (1.386294, 1.098612)
        """

    @abstractmethod
    def _joint(self, targets: tuple[str, ...], given: tuple[str, ...], at: Mapping[str, int]) -> Factor:
        """A table proportional to p(targets | given, evidence) for each state of ``given``, axes (*given, *targets).

        The constant may differ between states of ``given``: whatever depends on ``given`` alone is left out, so that
        the table is not zero where only the *condition* is unreachable. ``at`` fixes some of ``given`` (state indices);
        those have no axis in the result. No name is one of `observed`.
        """

    @cached_property
    def observed(self) -> Mapping[str, int]:
        """name -> state index of the variables that were observed to have a single state."""
        return state_indices(self.model, certain(self.evidence))

    def marginal(self, *names: str) -> Factor:
        """p(names | evidence), for any set of variables; axes in the order asked.

        An observed variable is answered by a point mass.

        Raises
        ------
        UnknownName
            If a variable does not exist.
        TooLarge
            If the joint table does not fit.

        Examples
        --------
        >>> from control_pgm import gridworld, unroll
        >>> print(unroll(gridworld("S.G"), 2).infer().marginal("s_1"))
        s_1     value
        ─────  ──────
        (0,0)  0.6773
        (0,1)  0.3227
        (0,2)       0
        """
        self._check(names)
        if not names:
            raise InvalidArgument("marginal() needs at least one variable", remedy="see .log_evidence for p(evidence)")
        return self._ask(names, (), {}).normalise()

    def marginals(self) -> Mapping[str, Factor]:
        """p(x | evidence) of every variable x, by its name; of slices, ``.over_time("s")`` gives one array [t, s].

        Exact inference answers all of them together, in a time that is linear in their number.

        Returns
        -------
        Marginals
            Observed variables have point masses.

        Examples
        --------
        >>> from control_pgm import gridworld, unroll
        >>> unroll(gridworld("S.G"), 2).infer().marginals()["s_2"].array().round(4).tolist()
        [0.5644, 0.2822, 0.1534]
        """
        rows = self._marginal_rows()
        for name, index in self.observed.items():
            rows[name] = np.eye(self.model.variables[name].cardinality)[index]
        return Marginals(self.model, {name: rows[name] for name in self.model.variables})

    def _marginal_rows(self) -> dict[str, FloatArray]:
        """The marginals of the free variables."""
        free = [name for name in self.model.variables if name not in self.observed]
        return {name: self.marginal(name).array() for name in free}

    def conditional(
        self, *names: str, given: str | Iterable[str] | Mapping[str, Hashable], undefined: Undefined = "raise"
    ) -> Factor:
        """p(names | given, evidence).

        Parameters
        ----------
        *names : str
            The variables asked for.
        given : str, iterable of str, or mapping
            Names give a table with axes (*given, *names), normalised over ``names``. A mapping name -> label fixes the
            condition and gives a table over ``names``. Variables that are observed already get no axis.
        undefined : {"raise", "nan"}
            What to do where the evidence is impossible under the condition.

        Notes
        -----
        Messages and factors that depend on ``given`` alone cancel and are left out. The answer is therefore defined at
        conditions that have probability zero from the start, such as unreachable states.

        Raises
        ------
        UndefinedConditional
            Where the evidence is impossible given the condition; names the condition.

        Examples
        --------
        >>> from control_pgm import gridworld, unroll
        >>> posterior = unroll(gridworld("S.G"), 2, temperature=0.5).infer()
        >>> print(posterior.conditional("a_0", given={"s_0": "(0,1)"}))
        a_0      value
        ─────  ───────
        left   0.07362
        down    0.1912
        right    0.544
        up      0.1912
        >>> posterior.conditional("a_0", given="s_0").scope
        ('s_0', 'a_0')
        """
        labels: Mapping[str, Hashable] = given if isinstance(given, Mapping) else {}
        if not isinstance(given, Iterable):
            raise InvalidArgument(f"given={given!r}", allowed="a name, several names, or {name: label}")
        given = (given,) if isinstance(given, str) else tuple(given)
        self._check((*names, *given))
        if undefined not in ("raise", "nan"):
            raise InvalidArgument(f"undefined={undefined!r}", allowed="'raise', 'nan'")
        if not names:
            raise InvalidArgument("conditional() needs at least one variable to ask for")
        observed = self.observed
        fixed = state_indices(self.model, labels)
        for name in fixed.keys() & observed.keys():
            if fixed[name] != observed[name]:
                raise InvalidArgument(
                    f"the condition {name}={labels[name]!r} contradicts the evidence {name}={self.evidence[name]!r}",
                    remedy="infer again with the other evidence",
                )
        free = tuple(name for name in given if name not in observed)
        table = self._ask(names, free, {name: i for name, i in fixed.items() if name in free})
        return self.normalised(table, names, labels, undefined)

    # --- what some methods lack -------------------------------------------------------------------------------
    def __getattr__(self, name: str) -> Any:
        if hasattr(type(self), name):  # a property that is refused: for its own reason
            return object.__getattribute__(self, name)
        if name in _OF_SOME_METHODS:
            raise NotAvailable(f"method={self.method!r} has no {name}", remedy=f"ask infer(…, method='exact').{name}")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    # --- how answers are made ------------------------------------------------------------------------------------
    def normalised(
        self, table: Factor, names: tuple[str, ...], labels: Mapping[str, Hashable], undefined: Undefined
    ) -> Factor:
        """A table normalised over ``names``; ``labels`` are conditions without an axis, named in the error."""
        axes = tuple(i for i, name in enumerate(table.scope) if name in names)
        scaled = table.scaled.normalise(axes)
        bad = scaled.undefined()
        if bad.any() and undefined == "raise":
            at = np.argwhere(bad)[0]
            where = [f"{n}={labels[n]}" for n in labels if n not in table.scope]
            where += [
                f"{v.name}={v.states[i]}" for v, i in zip(table.variables, at, strict=True) if v.name not in names
            ]
            raise UndefinedConditional(
                f"p({', '.join(names)} | {', '.join(where)}) is undefined: the evidence is impossible there (0/0)",
                remedy="pass undefined='nan' to get NaN at such conditions",
            )
        # A table of NaN rows is what was asked for; it is not a factor to compute with.
        return Factor.of(table.variables, scaled)

    def _ask(self, names: tuple[str, ...], given: tuple[str, ...], at: Mapping[str, int]) -> Factor:
        """`_joint` for any names: observed ones become point masses."""
        observed = self.observed
        table = self._joint(tuple(n for n in names if n not in observed), given, at)
        for name in names:
            if name in observed:
                table = table * _point_mass(self.model.variables[name], observed[name])
        kept = [name for name in given if name not in at]
        return table.marginal(*kept, *names)

    def _check(self, names: tuple[str, ...]) -> None:
        for name in names:
            if not isinstance(name, str):
                raise InvalidArgument(f"variable {name!r} is not a name", allowed="strings, one argument per variable")
            if name not in self.model.variables:
                raise unknown(name, self.model.variables, what="variable")
        if len(set(names)) != len(names):
            twice = next(n for n in names if names.count(n) > 1)
            raise InvalidArgument(f"variable {twice!r} is named twice", allowed="distinct variables")

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(method={self.method!r}, {len(self.model.variables)} variables, "
            f"{len(self.evidence)} observed, log_evidence={number(self.log_evidence, 10)})"
        )


def _point_mass(variable: Variable, index: int) -> Factor:
    return Factor([variable], np.eye(variable.cardinality)[index])
