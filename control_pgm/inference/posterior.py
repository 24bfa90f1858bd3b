"""What every inference method answers: marginals, conditionals and the evidence of one model under one evidence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property
from typing import Literal

import numpy as np

from control_pgm.display import number
from control_pgm.errors import InvalidArgument, UndefinedConditional, unknown
from control_pgm.inference.mode import Mode
from control_pgm.inference.posterior_sampling import Samples, generator
from control_pgm.inference.problem import state_indices
from control_pgm.models.factorgraph import Model
from control_pgm.tables.factor import Factor
from control_pgm.tables.variable import Variable

Undefined = Literal["raise", "nan"]


class Posterior(ABC):
    """p(x | evidence), ready to be asked; made by `infer`.

    Attributes
    ----------
    model : the model as it was given.
    evidence : name -> observed label.
    method : "exact" or "enumeration".
    exact : bool
        Whether the answers are exact up to rounding.
    """

    model: Model
    evidence: Mapping[str, Hashable]
    method: str
    exact: bool

    @property
    @abstractmethod
    def log_evidence(self) -> float:
        """log p(evidence) in nats; for a factor graph the log of its partition function given the evidence."""

    @abstractmethod
    def _joint(self, targets: tuple[str, ...], given: tuple[str, ...], at: Mapping[str, int]) -> Factor:
        """A table proportional to p(targets | given, evidence) for each state of ``given``, axes (*given, *targets).

        The constant may differ between states of ``given``: whatever depends on ``given`` alone is left out, so that
        the table is not zero where only the *condition* is unreachable. ``at`` fixes some of ``given`` (state indices);
        those have no axis in the result. No name is one of `observed`.
        """

    @cached_property
    def observed(self) -> Mapping[str, int]:
        """name -> state index of the evidence."""
        return state_indices(self.model, self.evidence)

    def marginal(self, *names: str) -> Factor:
        """p(names | evidence), for any set of variables; axes in the order asked.

        An observed variable is answered by a point mass.

        Raises
        ------
        UnknownName
            If a variable does not exist.
        TooLarge
            If the joint table does not fit.
        """
        self._check(names)
        if not names:
            raise InvalidArgument("marginal() needs at least one variable", remedy="see .log_evidence for p(evidence)")
        return self._ask(names, (), {}).normalise()

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


class ExactPosterior(Posterior):
    """What exact methods answer besides: the mode, and independent samples."""

    def mode(self, *names: str) -> Mode:
        """The most probable assignment of all variables; or of some of them, the others summed out.

        Parameters
        ----------
        *names : str
            The variables asked for; none stands for all. For some of the free variables this is marginal MAP, which can
            need much larger clusters than the mode of all variables: see `control_pgm.inference.marginal_map`.

        Returns
        -------
        Mode
            Of several modes the first one, compared by the states of the variables from the last eliminated one on;
            log-probabilities that differ by less than 1e-12 nats count as equal. Enumeration compares in the model's
            order, which is the same where the plan is "reverse topological".

        Raises
        ------
        UnknownName
            If a variable does not exist.
        TooLarge
            If marginal MAP does not fit the memory limit.

        Examples
        --------
        >>> from control_pgm import gridworld, unroll
        >>> mode = unroll(gridworld("S.G"), 2).infer().mode()
        >>> [mode.assignment[name] for name in ("s_0", "a_0", "s_1", "a_1", "s_2")]
        ['(0,0)', 'right', '(0,1)', 'right', '(0,2)']
        """
        self._check(names)
        return self._mode(names or tuple(self.model.variables))

    def sample(self, n: int, rng: np.random.Generator | int) -> Samples:
        """Independent samples of p(all variables | evidence).

        Parameters
        ----------
        n : int
            How many, ≥ 1.
        rng : numpy.random.Generator or int
            Where randomness comes from, or a seed ≥ 0: the same seed gives the same samples.

        Raises
        ------
        TooLarge
            If the samples do not fit the memory limit.

        Examples
        --------
        >>> from control_pgm import gridworld, unroll
        >>> samples = unroll(gridworld("S.G"), 2, temperature=0.1).infer().sample(4, 0)
        >>> samples.labels("a_1")
        ['right', 'right', 'right', 'right']
        """
        return self._sample(*generator(n, rng))

    @abstractmethod
    def _mode(self, names: tuple[str, ...]) -> Mode:
        """The mode of distinct variables of the model, at least one."""

    @abstractmethod
    def _sample(self, n: int, rng: np.random.Generator) -> Samples:
        """Samples from a generator."""


def _point_mass(variable: Variable, index: int) -> Factor:
    return Factor([variable], np.eye(variable.cardinality)[index])
