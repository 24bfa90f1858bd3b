"""Exact posteriors: the mode and independent samples, besides marginals."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from control_pgm.inference.map.mode import Mode
from control_pgm.inference.posterior import Posterior
from control_pgm.inference.tree.sampling import Samples, sample_options


class ExactPosterior(Posterior):
    """The posterior of an exact method: `mode` finds a mode, and `sample` draws from the posterior itself."""

    def mode(self, *names: str) -> Mode:
        """The most probable assignment of all variables; or of some of them, the others summed out.

        Of several modes the first one is taken, compared by the states of the variables from the
        last eliminated one on; log-probabilities that differ by less than 1e-12 nats count as equal. Enumeration
        compares in the model's order, which is the same where the plan is "reverse topological".

        Parameters
        ----------
        *names : str
            The variables asked for; none stands for all. For some of the free variables this is marginal MAP, which can
            need much larger clusters than the mode of all variables: see `control_pgm.inference.map.marginal_map`.

        Returns
        -------
        Mode

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
        return self._sample(*sample_options(n, rng))

    @abstractmethod
    def _mode(self, names: tuple[str, ...]) -> Mode:
        """The mode of distinct variables of the model, at least one."""

    @abstractmethod
    def _sample(self, n: int, rng: np.random.Generator) -> Samples:
        """Samples from a generator."""
