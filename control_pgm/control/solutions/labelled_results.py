"""Results that hold labelled arrays: their data frames, data sets, and best actions by label."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from control_pgm.tables.frames import as_objects, dataset, joined_frame
from control_pgm.tables.frozen import Restored
from control_pgm.tables.labelled_array import LabelledArray

if TYPE_CHECKING:
    import pandas
    import xarray

_TIE = 1e-9  # probabilities that differ by less are equal


class LabelledResults(Restored):
    """A result with labelled arrays, as data frames and data sets show them."""

    @abstractmethod
    def _arrays(self) -> Mapping[str, LabelledArray]:
        """Name -> array: those that the result has, the one with the most axes among them."""

    def to_frame(self) -> pandas.DataFrame:
        """The arrays of the result side by side in a tidy pandas frame.

        Returns
        -------
        pandas.DataFrame
            One row for each entry of the array with the most axes, such as (t, s, a) of a policy. Arrays over fewer
            axes, such as V(t, s), are repeated; their last time T, which no action has, is left out (`to_xarray` and
            the arrays' own ``to_frame`` have it). NaN stands where an array has NaN.

        Raises
        ------
        MissingPackage
            If pandas is not installed.
        """
        return joined_frame(self._arrays())

    def to_xarray(self) -> xarray.Dataset:
        """The arrays of the result in an xarray data set, by name; those over actions have NaN at the last time T.

        Raises
        ------
        MissingPackage
            If xarray is not installed.
        """
        return dataset(self._arrays())


class HasPolicy(Protocol):
    """Whatever has a policy."""

    @property
    def policy(self) -> LabelledArray:
        """pi(a|s), the last axis "a"."""


class WithPolicy(LabelledResults):
    """A result that holds a policy."""

    def greedy(self: HasPolicy) -> LabelledArray:
        """The most probable action of the policy by label, axes t, s (or s).

        Returns
        -------
        LabelledArray of labels
            None where the policy is NaN, since optimality is impossible from there. Of actions whose probabilities
            differ by less than 1e-9 the first in the order of ``mdp.actions``.

        Examples
        --------
        >>> from control_pgm import gridworld, solve
        >>> best = solve(gridworld("S.G"), 2, inference="bellman").greedy()
        >>> best.sel(t=0, s="(0,0)"), best.sel(t=1).tolist()
        ('right', ['left', 'right', 'left'])
        """
        return greedy(self.policy)


def greedy(policy: LabelledArray) -> LabelledArray:
    """The labels of the most probable actions of a policy whose last axis is "a"; see `WithPolicy.greedy`."""
    p = policy.values
    undefined = np.isnan(p).any(axis=-1)
    best = np.argmax(p >= p.max(axis=-1, keepdims=True) - _TIE, axis=-1)  # the first
    labels = as_objects([*policy.coords["a"], None])
    dims = policy.dims[:-1]
    return LabelledArray(labels[np.where(undefined, -1, best)], dims, {dim: policy.coords[dim] for dim in dims})
