"""Clusters of a bucket tree and the messages between them, as records."""

from __future__ import annotations

from dataclasses import dataclass

from control_pgm.tables.factor import Factor


@dataclass(frozen=True)
class Cluster:
    """A cluster of the tree, named by the variable that is eliminated in it; made by ``posterior.clusters``.

    Attributes
    ----------
    name : str
        The variable.
    variables : tuple of str
        All that the cluster mentions.
    separator : tuple of str
        Those that it shares with its parent.
    parent : str or None
        The cluster towards the root; None for a root.
    factors : tuple of Factor
        The tables assigned to it, evidence sliced away.

    Examples
    --------
    >>> from control_pgm import gridworld, unroll
    >>> cluster = unroll(gridworld("S.G"), 2).infer().clusters[0]
    >>> str(cluster), cluster.separator, cluster.parent
    ('{s_1, a_1, s_2}', ('s_1', 'a_1'), 'a_1')
    """

    name: str
    variables: tuple[str, ...]
    separator: tuple[str, ...]
    parent: str | None
    factors: tuple[Factor, ...]

    def __str__(self) -> str:
        return f"{{{', '.join(self.variables)}}}"


@dataclass(frozen=True, eq=False)
class Message:
    """A message between neighbouring clusters, both named by the variable that they eliminate.

    Attributes
    ----------
    source, target : str
        The clusters.
    factor : Factor
        Over the variables that they share.
    upward : bool
        Whether it goes towards the root, as in the collect pass.

    Examples
    --------
    >>> from control_pgm import gridworld, unroll
    >>> print(unroll(gridworld("S.G"), 1).infer().message("a_0", "s_0"))
    message a_0 → s_0
    s_0     value
    ─────  ──────
    (0,0)  0.3679
    (0,1)  0.5259
    (0,2)  0.3679
    """

    source: str
    target: str
    factor: Factor
    upward: bool

    def __repr__(self) -> str:
        return f"Message({self.source} → {self.target}: {', '.join(self.factor.scope)})"

    def __str__(self) -> str:
        return f"message {self.source} → {self.target}\n{self.factor}"
