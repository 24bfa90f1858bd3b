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

        See `Posterior.mode`. Of several modes the first one is taken, compared by the states of the variables from the
        last eliminated one on; log-probabilities that differ by less than 1e-12 nats count as equal. Enumeration
        compares in the model's order, which is the same where the plan is "reverse topological".
        """
        self._check(names)
        return self._mode(names or tuple(self.model.variables))

    def sample(self, n: int, rng: np.random.Generator | int) -> Samples:
        """Independent samples of p(all variables | evidence), see `Posterior.sample`."""
        return self._sample(*sample_options(n, rng))

    @abstractmethod
    def _mode(self, names: tuple[str, ...]) -> Mode:
        """The mode of distinct variables of the model, at least one."""

    @abstractmethod
    def _sample(self, n: int, rng: np.random.Generator) -> Samples:
        """Samples from a generator."""
