"""States as the rows of a picture: which are drawn, and what stands beside them."""

from __future__ import annotations

import numpy as np

from control_pgm.control.mdp.grid import ends_of
from control_pgm.control.mdp.mdp import MDP
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base import style

_SIGNS = {"goal": "★ goal", "hole": "× hole", "end": "■ end"}
_LONGEST = 18
OTHERS = "others"  # the row of all states that have none of their own


def row_labels(mdp: MDP) -> list[str]:
    """The states with what they are: start, goal, hole, end.

    Examples
    --------
    >>> from control_pgm import gridworld
    >>> row_labels(gridworld("S.G"))
    ['(0,0) ▸ start', '(0,1)', '(0,2) ★ goal']
    """
    ends = ends_of(mdp, 0)
    begins = np.flatnonzero(mdp.initial > 0)
    starts = set(begins) if len(begins) < max(mdp.n_states / 2, 2) else set()
    signs = [_SIGNS[ends[k]] if k in ends else "▸ start" if k in starts else "" for k in range(mdp.n_states)]
    return [f"{_short(style.plain(label))} {sign}".rstrip() for label, sign in zip(mdp.states, signs, strict=True)]


def most_probable(most: int, *marginals: FloatArray) -> list[int]:
    """The states, at most ``most``, that are ever the most probable in any of the marginals [t, s]; in their order.

    Examples
    --------
    >>> most_probable(2, np.array([[0.1, 0.0, 0.9], [0.0, 0.3, 0.7]]))
    [1, 2]
    """
    peaks = np.max([marginal.max(axis=0) for marginal in marginals], axis=0)
    return sorted(int(k) for k in np.argsort(-peaks, kind="stable")[: max(most, 1)])


def left_out(rows: list[int], *marginals: FloatArray, shared: bool = False) -> str:
    """In words, how many states have no row of their own, or only a ``shared`` one, and how probable they are."""
    n = marginals[0].shape[1]
    if len(rows) == n:
        return ""
    rest = np.setdiff1d(np.arange(n), rows)
    mass = max(float(marginal[:, rest].sum(axis=1).max()) for marginal in marginals)
    shown = f"{100 * mass:.0f}" if mass >= 0.0995 else f"{100 * mass:.1f}"
    share = f"≤ {shown} %" if mass >= 0.001 else "< 0.1 %"
    them = f"{len(rest)} least probable state{'s' * (len(rest) != 1)}"
    return f"{OTHERS}: the {them} (together {share})" if shared else f"{them} left out (together {share})"


def others(rows: list[int], marginal: FloatArray) -> FloatArray:
    """The mass [t] of the states without a row of their own.

    >>> others([1], np.array([[0.25, 0.5, 0.25]])).tolist()
    [0.5]
    """
    return np.asarray(np.delete(marginal, rows, axis=1).sum(axis=1))


def _short(text: str) -> str:
    """Long labels lose their middle: labels that are numbered differ at the end."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}…{text[-(_LONGEST // 2 - 1) :]}"
